//! The trunks, with their passwords where we register: read from the file or variable that the settings name, once at
//! the start and once at every reload. What is wrong is said without a word of what was read.

use crate::codec::SrtpPolicy;
use crate::config::{Config, HostPort, PasswordPlace, TrunkConfig, TrunkTransport};
use crate::secret::Password;
use crate::sip::{Login, Place, Transport, TrunkConfig as Trunk, TrunkId};
use anyhow::{Context, bail};
use std::fs::File;
use std::io::Read;

/// Most bytes of a password.
const PASSWORD_BYTES_MAX: usize = 256;

/// All trunks, numbered in the order of the file. May block.
pub fn load(config: &Config) -> anyhow::Result<Vec<(TrunkId, Trunk)>> {
    let numbered = config.trunks.iter().zip(0..);
    let general = config.rtp.srtp;
    numbered
        .map(|(trunk, nth)| Ok((TrunkId(nth), with_password(trunk, general)?)))
        .collect()
}

/// The password of one trunk. May block.
pub fn password(place: &PasswordPlace) -> anyhow::Result<Password> {
    let text = match place {
        PasswordPlace::Env(name) => std::env::var(name)
            .ok()
            .with_context(|| format!("{place} is not set"))?,
        PasswordPlace::File(path) => {
            let mut bytes = Vec::new();
            let file = File::open(path).with_context(|| format!("{place} cannot be read"))?;
            file.take(4 * PASSWORD_BYTES_MAX as u64).read_to_end(&mut bytes)?;
            // The error would quote the bytes.
            String::from_utf8(bytes)
                .ok()
                .with_context(|| format!("{place} holds no text"))?
        }
    };
    let first = text.lines().next().unwrap_or_default();
    if first.is_empty() || first.len() > PASSWORD_BYTES_MAX {
        bail!("{place} holds no password in its first line (1 to {PASSWORD_BYTES_MAX} bytes)");
    }
    Ok(Password::new(first))
}

fn with_password(trunk: &TrunkConfig, general: SrtpPolicy) -> anyhow::Result<Trunk> {
    let login = |place| -> anyhow::Result<Login> {
        let password = password(place).with_context(|| format!("the password of trunk {:?}", trunk.name))?;
        let user = trunk.auth_user.clone();
        Ok(Login { user, password })
    };
    let login = trunk.password.as_ref().map(login).transpose()?;
    // Of who only has to answer, that is all that is asked for.
    let (expires, keep_alive) = match (&login, trunk.keep_alive) {
        (None, Some(interval)) => (interval, None),
        (_, keep_alive) => (trunk.expires, keep_alive),
    };
    let HostPort { host, port } = trunk.proxy.clone().unwrap_or(trunk.domain.clone());
    let transport = match trunk.transport {
        TrunkTransport::Udp => Some(Transport::Udp),
        TrunkTransport::Tcp => Some(Transport::Tcp),
        TrunkTransport::Tls => Some(Transport::Tls),
        TrunkTransport::Auto => None,
    };
    Ok(Trunk {
        name: trunk.name.clone(),
        domain: trunk.domain.to_string(),
        place: Place {
            host,
            port,
            transport,
        },
        proxy: trunk.proxy.as_ref().map(ToString::to_string),
        user: trunk.user.clone(),
        number: trunk.number.clone(),
        display: trunk.display.clone(),
        login,
        expires,
        keep_alive,
        number_block: trunk.number_block,
        srtp: trunk.srtp.unwrap_or(general),
        mediasec: trunk.mediasec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(place: &PasswordPlace) -> String {
        format!("{:#}", password(place).expect_err("no password"))
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, "ge heim\r\nnotes\n").expect("written");
        let place = PasswordPlace::File(file.path().into());
        assert!(password(&place).ok() == Some(Password::new("ge heim")));
        for useless in [&b""[..], b"\nlate", &[b'x'; 300], b"\xff"] {
            std::fs::write(&file, useless).expect("written");
            let text = told(&place);
            assert!(text.contains("holds no") && !text.contains("xx"), "{text}");
        }
    }

    #[test]
    fn a_place_without_a_password_is_told() {
        let text = told(&PasswordPlace::Env("RUNDRUF_TEST_IS_NOT_SET".into()));
        assert!(text.contains("RUNDRUF_TEST_IS_NOT_SET is not set"), "{text}");
        let text = told(&PasswordPlace::File("/nowhere/at/all".into()));
        assert!(text.contains("/nowhere/at/all cannot be read"), "{text}");
    }
}
