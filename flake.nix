{
  description = "deskbeam: a Linux desktop in the browser";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # Follows the conventions of nixpkgs for GStreamer programs. It has been parsed but not built.
  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      forAllSystems = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      gstreamer =
        pkgs: with pkgs.gst_all_1; [
          gstreamer
          gst-plugins-base
          gst-plugins-good
          gst-plugins-bad
          gst-plugins-ugly
          # The plugin "nice", which webrtcbin needs for every connection, is part of libnice.
          pkgs.libnice.out
        ];
      desktop = pkgs: [ pkgs.xorg.xorgserver pkgs.openbox pkgs.xterm ];
    in
    {
      packages = forAllSystems (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = "deskbeam";
          version = (nixpkgs.lib.importTOML ./Cargo.toml).package.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          buildType = "dist";
          nativeBuildInputs = [ pkgs.pkg-config pkgs.makeWrapper ];
          buildInputs = gstreamer pkgs;
          # The integration tests start browsers and X programs; `checks` has the unit tests.
          doCheck = false;
          # GStreamer's setup hook collects GST_PLUGIN_SYSTEM_PATH_1_0.
          postInstall = ''
            wrapProgram $out/bin/deskbeam \
              --prefix GST_PLUGIN_SYSTEM_PATH_1_0 : "$GST_PLUGIN_SYSTEM_PATH_1_0" \
              --suffix PATH : ${pkgs.lib.makeBinPath (desktop pkgs)}
          '';
          meta = {
            description = "A Linux desktop in the browser";
            license = with pkgs.lib.licenses; [ mit asl20 ];
            mainProgram = "deskbeam";
            platforms = pkgs.lib.platforms.linux;
          };
        };
      });

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ self.packages.${pkgs.system}.default ];
          packages = [ pkgs.cargo pkgs.rustc pkgs.clippy pkgs.rustfmt pkgs.nodejs pkgs.chromium pkgs.xdotool ] ++ desktop pkgs;
        };
      });

      checks = forAllSystems (pkgs: {
        # Only the unit tests: the others need browsers, X servers and a network.
        unit = self.packages.${pkgs.system}.default.overrideAttrs {
          doCheck = true;
          cargoTestFlags = [ "--lib" ];
        };
      });
    };
}
