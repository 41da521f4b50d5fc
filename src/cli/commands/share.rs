//! `deskbeam share`: links for other people.

use std::time::Duration;

use crate::access::{Shares, StateDir};
use crate::clock::now_ms;
use crate::protocol::role::Role;

use crate::cli::duration::in_words;
use crate::cli::failure::Failure;
use crate::cli::options::ShareOptions;

/// The file in which a host leaves its address for this command.
pub(crate) const ADDRESS: &str = "address";
/// The address of a host without options.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8080/";

/// Creates a link, lists all links, or revokes one.
pub(crate) fn run(options: ShareOptions) -> Result<(), Failure> {
    let state = StateDir::open().map_err(anyhow::Error::new)?;
    let shares = Shares::new(state.clone());
    if options.list {
        return list(&shares);
    }
    if let Some(id) = options.revoke {
        if shares.revoke(&id, now_ms()).map_err(anyhow::Error::new)? {
            println!("Link {id} revoked.");
            return Ok(());
        }
        return Err(Failure::Usage(format!(
            "there is no link {id}: `deskbeam share --list` lists all links"
        )));
    }
    let role = Role::named(&options.role).unwrap_or(Role::View);
    let lifetime_ms = u64::try_from(options.expires.0.as_millis()).unwrap_or(u64::MAX);
    let (share, secret) = shares
        .add(role, now_ms().saturating_add(lifetime_ms), now_ms())
        .map_err(anyhow::Error::new)?;
    let address = match options.url {
        Some(url) => url,
        None => state
            .read(ADDRESS)
            .map_err(anyhow::Error::new)?
            .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
    };
    println!(
        "{}/#token={}",
        address.trim().trim_end_matches('/'),
        secret.expose()
    );
    eprintln!(
        "Role {role}, valid for {validity}. `deskbeam share --revoke {id}` revokes it.",
        role = role.name(),
        validity = in_words(options.expires.0),
        id = share.id,
    );
    Ok(())
}

fn list(shares: &Shares) -> Result<(), Failure> {
    for share in shares.list(now_ms()).map_err(anyhow::Error::new)? {
        let left = Duration::from_millis(share.expires_ms.saturating_sub(now_ms()));
        println!("{:<10}{:<9}{} left", share.id, share.role.name(), in_words(left));
    }
    Ok(())
}
