//! Owns how a caller is told from another without being known: a keyed hash of what the network says of the caller
//! (RFC 3325, else From), of the trunk's address where it says nothing. Must never let the identity itself out.

use super::message::Request;
use super::text;
use crate::ids::CallerTag;
use crate::secret::Caller;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::net::IpAddr;

/// Users that stand for nobody (RFC 3323 §4.1.1.3 and common habit).
const NOBODY: [&str; 5] = ["", "anonymous", "restricted", "unavailable", "unknown"];

/// What makes the hashes of this process: unguessable, and gone with it.
#[derive(Clone, Copy)]
pub struct IdentityKey(u64, u64);

impl IdentityKey {
    pub fn new(random: &mut dyn FnMut() -> u64) -> IdentityKey {
        IdentityKey(random(), random())
    }

    /// The tag of the caller whose INVITE came from `trunk`.
    pub fn tag(self, invite: &Request, trunk: IpAddr) -> CallerTag {
        let mut hasher = SipHasher24::new_with_keys(self.0, self.1);
        let asserted = invite.asserted.as_ref().and_then(user);
        match asserted.or_else(|| user(&invite.echo.from)) {
            Some(user) => {
                hasher.write_u8(1);
                hasher.write(user.as_bytes());
            }
            None => {
                hasher.write_u8(0);
                hasher.write(trunk.to_canonical().to_string().as_bytes());
            }
        }
        CallerTag(hasher.finish())
    }
}

/// The user part of an address, of a `tel:` URI the number; without parameters and password.
fn user(caller: &Caller) -> Option<String> {
    let (uri, _) = text::address(caller.reveal())?;
    let (scheme, rest) = uri.split_once(':')?;
    let user = match scheme.eq_ignore_ascii_case("tel") {
        true => rest,
        false => rest.split_once('@')?.0,
    };
    let user = text::unescaped(user.split([';', ':']).next()?)?.to_ascii_lowercase();
    (!NOBODY.contains(&user.as_str())).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_in_every_kind_of_address() {
        for (address, expected) in [
            (
                "\"Erna\" <sip:+4930123@trunk.example;user=phone>;tag=x",
                Some("+4930123"),
            ),
            (
                "<sip:+4930123;phone-context=x:secret@192.0.2.1>",
                Some("+4930123"),
            ),
            ("<tel:+4930123;ext=5>", Some("+4930123")),
            ("sip:Erna%2E@[2001:db8::1]", Some("erna.")),
            ("<sip:Anonymous@anonymous.invalid>", None),
            ("<sip:192.0.2.1>", None),
            ("nonsense", None),
        ] {
            assert_eq!(user(&Caller::new(address)).as_deref(), expected, "{address}");
        }
    }
}
