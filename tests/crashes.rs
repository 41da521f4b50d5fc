//! Inputs that once crashed a parser: `tests/data/crashes/TARGET/NAME`.

use std::path::Path;

use deskbeam::fuzzing::TARGETS;

#[test]
fn inputs_that_once_crashed_a_parser_no_longer_do() {
    deskbeam::media::init().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/crashes");
    let mut count = 0;
    for target in std::fs::read_dir(folder).unwrap() {
        let target = target.unwrap().path();
        let name = target.file_name().unwrap().to_str().unwrap();
        let (_, run) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
        for file in std::fs::read_dir(&target).unwrap() {
            let path = file.unwrap().path();
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn every_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let named: Vec<_> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(files, named);
    for (name, file) in TARGETS.iter().zip(&files) {
        let text = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fuzz/fuzz_targets")
                .join(file),
        );
        assert!(
            text.unwrap().contains(&format!("run({:?}, data)", name.0)),
            "{file}"
        );
    }
}
