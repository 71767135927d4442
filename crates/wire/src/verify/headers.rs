//! Reading the headers of a request, of whatever kind the caller has them.
use super::SignatureError;

/// The longest header value that is looked at; a signature list of 32 entries needs a third.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Headers by name. Implemented for lists of pairs; adapt another kind of map with a newtype:
///
/// ```
/// use bellwire_wire::HeaderLookup;
///
/// struct Request<'r>(&'r http::HeaderMap);
///
/// impl HeaderLookup for Request<'_> {
///     fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
///         self.0.get_all(name).iter().map(http::HeaderValue::as_bytes)
///     }
/// }
/// ```
pub trait HeaderLookup {
    /// Every value of the header, in order, the name in any case.
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderLookup for [(N, V)] {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        let named = move |(known, _): &&(N, V)| known.as_ref().eq_ignore_ascii_case(name);
        self.iter().filter(named).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderLookup for Vec<(N, V)> {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const COUNT: usize> HeaderLookup for [(N, V); COUNT] {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

/// The header's only value, without the whitespace around it: visible ASCII and spaces, not empty.
/// A header that comes twice is malformed, since sender and receiver may each read another one.
pub(super) fn only<'h>(
    headers: &'h (impl HeaderLookup + ?Sized),
    name: &'static str,
) -> Result<&'h str, SignatureError> {
    let mut values = headers.values(name);
    let value = values.next().ok_or(SignatureError::MissingHeader(name))?;
    let malformed = SignatureError::MalformedHeader(name);
    if values.next().is_some() || value.len() > VALUE_BYTES_MAX {
        return Err(malformed);
    }
    let text = std::str::from_utf8(value).map_err(|_| malformed)?;
    let text = text.trim_matches([' ', '\t']);
    let visible = |c: u8| (0x20..0x7f).contains(&c);
    if text.is_empty() || !text.bytes().all(visible) {
        return Err(malformed);
    }
    Ok(text)
}
