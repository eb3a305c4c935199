use std::net::{Ipv4Addr, Ipv6Addr};

use crate::text::{Text, is_word};

/// Words right before four numbers that say that they are a version, or an identifier of another kind.
const NO_ADDRESS: &[&str] =
    &["version", "versions", "release", "releases", "v", "ver", "section", "oid", "chapter", "rev", "build"];

/// What an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// A host, from everywhere.
    World,
    /// A host, from its own network.
    Network,
    /// No one host: this machine, many, none, or what documentation may name.
    Nobody,
}

/// Finds an address of the internet, IPv4 or IPv6, that is one host's and reached from everywhere.
///
/// Left are those of IANA's special-purpose registries (RFC 6890 and after: this host, private networks, documentation,
/// multicast …), networks that are written with their length and no host, and what is no address but looks like one:
/// versions, which have a word for it or a sign that joins them to a name, and four single digits.
pub(crate) fn ip(text: &Text<'_>, at: usize) -> Option<usize> {
    address(text, at, Reach::World)
}

/// Finds an address of a private network (RFC 1918, RFC 6598, RFC 4193).
pub(crate) fn private_ip(text: &Text<'_>, at: usize) -> Option<usize> {
    address(text, at, Reach::Network)
}

fn address(text: &Text<'_>, at: usize, reach: Reach) -> Option<usize> {
    if !text.byte(at).is_some_and(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let found = four(text, at).or_else(|| six(text, at));
    found.filter(|(_, found)| *found == reach).map(|(end, _)| end)
}

fn four(text: &Text<'_>, at: usize) -> Option<(usize, Reach)> {
    if !text.byte(at).is_some_and(|byte| byte.is_ascii_digit()) || !begins(text, at) {
        return None;
    }
    let rest = text.from(at);
    let run = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let written = rest[..run].trim_end_matches('.');
    let address: Ipv4Addr = written.parse().ok()?;
    let end = at + written.len();
    let joined = match text.at(end) {
        Some(c) if is_word(c) => true,
        Some('+') => true,
        Some('-') => text.at(end + 1).is_some_and(is_word),
        _ => false,
    };
    let [one, two, three, four] = address.octets();
    let single = [one, two, three, four].iter().all(|octet| *octet < 10);
    let no_host = (three, four) == (0, 0);
    if joined || single || no_host || text.just_said(at, NO_ADDRESS) || is_network(text, end, four == 0) {
        return None;
    }
    Some((end, reach_of_four(address)))
}

/// Returns whether an address without a host is followed by a network's length.
fn is_network(text: &Text<'_>, end: usize, no_host: bool) -> bool {
    no_host && text.at(end) == Some('/') && text.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit())
}

/// Returns whether nothing before a place makes four numbers part of something longer, or a version.
fn begins(text: &Text<'_>, at: usize) -> bool {
    match text.before(at) {
        Some(c) if is_word(c) => false,
        Some('.' | '-' | '+' | '^' | '~' | '>' | '<') => false,
        Some('=') => !matches!(text.before(at - 1), Some('=' | '>' | '<' | '~' | '!')),
        // A product and its version, as in `Chrome/104.0.5112.79`.
        Some('/') => !text.before(at - 1).is_some_and(is_word),
        _ => true,
    }
}

/// What the IANA IPv4 Special-Purpose Address Registry says.
fn reach_of_four(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Reach::Network,
        [0 | 127 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Nobody,
        _ => Reach::World,
    }
}

fn six(text: &Text<'_>, at: usize) -> Option<(usize, Reach)> {
    let before = text.before(at);
    if before.is_some_and(|c| is_word(c) || matches!(c, ':' | '.')) {
        return None;
    }
    let rest = text.from(at);
    let run = rest.find(|c: char| !(c.is_ascii_hexdigit() || c == ':')).unwrap_or(rest.len());
    let written = rest[..run].trim_end_matches(':');
    // What opens or ends with `::` is short enough to be code.
    if written.bytes().filter(|byte| *byte == b':').count() < 3 || written.starts_with(':') {
        return None;
    }
    let address: Ipv6Addr = written.parse().ok()?;
    let end = at + written.len();
    if text.at(end).is_some_and(is_word) {
        return None;
    }
    let no_host = address.segments()[4..].iter().all(|segment| *segment == 0);
    (!is_network(text, end, no_host)).then(|| (end, reach_of_six(address)))
}

/// What the IANA IPv6 Special-Purpose Address Registry says; only 2000::/3 is given out.
fn reach_of_six(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Reach::Network,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Nobody,
        [0x2000..=0x3fff, ..] => Reach::World,
        _ => Reach::Nobody,
    }
}

/// Returns an address, of a host or of a mailbox, as it is compared: in lower case, and written as its kind is.
pub(crate) fn normal_address(value: &str) -> String {
    match value.parse::<Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => value.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::normal_address;
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn addresses_of_hosts_are_found() {
        whole(Rule::Ip, &["93.184.216.34", "2a00:1450:4001:81b::200e", "2001:67c:2e8:22::c100:68b"]);
        assert_eq!(found(Rule::Ip, "http://93.184.216.34:9090/"), ["93.184.216.34"]);
        assert_eq!(found(Rule::Ip, "[2a00:1450:4001:81b::200e]:443"), ["2a00:1450:4001:81b::200e"]);
        assert_eq!(found(Rule::Ip, "host=93.184.216.34/32"), ["93.184.216.34"]);
        whole(Rule::PrivateIp, &["10.24.3.7", "192.168.178.20", "172.20.0.3", "fd12:3456:789a:1::1"]);
    }

    #[test]
    fn what_reaches_no_one_host_is_left() {
        nothing(
            Rule::Ip,
            &[
                "127.0.0.1",
                "0.0.0.0:4317",
                "192.0.2.7",
                "198.51.100.1",
                "203.0.113.9",
                "255.255.255.0",
                "224.0.0.1",
                "169.254.169.254",
                "10.24.3.7",
                "192.168.1.1",
                "93.184.216.0/24",
                "2a00:1450:4001::/48",
                "::1",
                "2001:db8::1:2:3",
                "fe80::1:2:3:4",
                "fd12:3456:789a:1::1",
            ],
        );
        nothing(Rule::PrivateIp, &["93.184.216.34", "10.0.0.0/8", "127.0.0.1"]);
    }

    #[test]
    fn what_only_looks_like_one_is_left() {
        nothing(
            Rule::Ip,
            &[
                "1.2.3.4",
                "v12.24.33.4",
                "version 12.24.33.4",
                "foo-12.24.33.4.jar",
                "1.3.6.1.4.1.9",
                "12.24.33.4-rc1",
                ">=12.24.33.4",
                "==12.24.33.4",
                "256.24.33.4",
                "12.24.33",
                "012.24.33.4",
                "12:30:45",
                "a::b",
                "std::dec::add",
                "ab:cd:ef:01:23:45",
                "9090 9093 9100 3000",
                "Release 22.10.15.1",
                "Chrome/104.0.5112.79",
                "20.0.0.12+",
                "93.184.0.0",
            ],
        );
    }

    #[test]
    fn equal_addresses_have_one_form() {
        assert_eq!(normal_address("2A00:1450:4001:081B:0:0:0:200E"), "2a00:1450:4001:81b::200e");
        assert_eq!(normal_address("Ada@X.org"), "ada@x.org");
    }
}
