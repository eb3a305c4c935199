//! `(rule, draw) -> an identifier, and the words before it`: check digits are computed here by the books' own formulas, and
//! not by the code that is tried.

use rifflebox_core::mix;
use rifflebox_redact::Rule;

/// Names that the redaction is given.
pub(crate) const NAMES: [&str; 8] = [
    "Ada Lovelace",
    "Łukasz Żak",
    "Siobhán O'Neill",
    "Jean-Luc Moreau",
    "Priya Raghunathan",
    "Wolfgang Grünwald",
    "Ναυσικά Ιωάννου",
    "Мария Иванова",
];

/// Draws that are the same in every run.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(mix(seed))
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) % bound as u64) as usize
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    fn signs(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..count).map(|_| self.one(&alphabet)).collect()
    }
}

/// Returns what stands before an identifier of a sort, and the identifier.
pub(crate) fn identifier(rule: Rule, draw: &mut Draw) -> (String, String) {
    let plain = |value: String| (String::new(), value);
    match rule {
        Rule::Email => plain(email(draw)),
        Rule::Phone => phone(draw),
        Rule::Iban => plain(iban(draw)),
        Rule::Card => plain(card(draw)),
        Rule::Ip => plain(address(draw)),
        Rule::PrivateIp => plain(private_address(draw)),
        Rule::Secret => secret(draw),
        Rule::Name => plain(draw.one(&NAMES).to_owned()),
        Rule::UsSsn => plain(ssn(draw)),
        Rule::UkNino => plain(nino(draw)),
        Rule::DeSteuerId => plain(steuer_id(draw)),
        Rule::FrNir => plain(nir(draw)),
        Rule::EsDni => plain(dni(draw)),
        Rule::ItCodiceFiscale => plain(codice_fiscale(draw)),
        Rule::NlBsn => (draw.one(&["BSN ", "burgerservicenummer: ", "BSN: "]).to_owned(), bsn(draw)),
        Rule::InAadhaar => aadhaar(draw),
    }
}

/// Puts groups of digits together.
fn grouped(digits: &str, lengths: &[usize], sign: &str) -> String {
    let mut at = 0;
    let groups = lengths.iter().map(|length| {
        at += length;
        &digits[at - length..at]
    });
    groups.collect::<Vec<_>>().join(sign)
}

fn email(draw: &mut Draw) -> String {
    let first =
        draw.one(&["ada", "b.turing", "chen.wei", "d_okafor", "Élodie", "f-nowak", "g.o'brien", "hans"]);
    let tag = draw.one(&["", "", "+lists", "42", ".work"]);
    let host = draw.one(&[
        "gmail.com",
        "posteo.de",
        "mail.univ-lyon.fr",
        "corp.co.uk",
        "bücher.ch",
        "x.io",
        "sub.dept.gov.in",
        "xn--e1afmkfd.org",
    ]);
    format!("{first}{tag}@{host}")
}

fn phone(draw: &mut Draw) -> (String, String) {
    let (n2, n3, n4) = (draw.digits(2), draw.digits(3), draw.digits(4));
    let (area, exchange) = (draw.one(&["212", "415", "617", "904"]), draw.one(&["234", "482", "867", "920"]));
    let pairs = format!("{} {} {n2} {}", draw.digits(2), draw.digits(2), draw.digits(2));
    let number = match draw.below(12) {
        0 => format!("+49 30 {n3}{n4}"),
        1 => format!("+49 (0)89 {n4} {n3}"),
        2 => format!("+1 ({area}) {exchange}-{n4}"),
        3 => format!("({area}) {exchange}-{n4}"),
        4 => format!("{area}-{exchange}-{n4}"),
        5 => format!("{area}.{exchange}.{n4}"),
        6 => format!("+33 1 {pairs}"),
        7 => format!("06 {pairs}"),
        8 => format!("+44 20 7{n3} {n4}"),
        9 => format!("+91 9{n4} {n2}{n3}"),
        10 => format!("0049 171 {n3}{n4}"),
        _ => return (draw.one(&["Tel. ", "phone: ", "Mobil ", "Fax: "]).to_owned(), format!("030 {n4}{n3}")),
    };
    (String::new(), number)
}

fn iban(draw: &mut Draw) -> String {
    let (country, account) = match draw.below(4) {
        0 => ("DE", draw.digits(18)),
        1 => ("GB", format!("{}{}", draw.one(&["WEST", "BARC", "NWBK"]), draw.digits(14))),
        2 => ("NL", format!("{}{}", draw.one(&["ABNA", "INGB", "RABO"]), draw.digits(10))),
        _ => ("FR", draw.digits(23)),
    };
    let as_digits: String = format!("{account}{country}00")
        .bytes()
        .map(|sign| match sign {
            b'0'..=b'9' => char::from(sign).to_string(),
            letter => (letter - b'A' + 10).to_string(),
        })
        .collect();
    let rest = as_digits.bytes().fold(0u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    let whole = format!("{country}{:02}{account}", 98 - rest);
    match draw.below(2) {
        0 => whole,
        _ => whole
            .as_bytes()
            .chunks(4)
            .map(|group| String::from_utf8_lossy(group))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn card(draw: &mut Draw) -> String {
    let (head, length) =
        draw.one(&[("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16), ("3530", 16)]);
    let body = format!("{head}{}", draw.digits(length - head.len() - 1));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0') * if index % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    let number = format!("{body}{}", (10 - sum % 10) % 10);
    let groups: &[usize] = if length == 15 { &[4, 6, 5] } else { &[4, 4, 4, 4] };
    match draw.below(3) {
        0 => number,
        1 => grouped(&number, groups, " "),
        _ => grouped(&number, groups, "-"),
    }
}

fn address(draw: &mut Draw) -> String {
    let four = [
        draw.one(&[5, 31, 46, 62, 81, 93, 129, 151, 185, 212]),
        draw.below(256),
        draw.below(256),
        1 + draw.below(254),
    ];
    match draw.below(3) {
        0 => {
            let groups: Vec<String> = (0..6).map(|_| format!("{:x}", draw.below(65_536))).collect();
            format!("2a0{:x}:{:x}:{}", draw.below(16), draw.below(65_536), groups.join(":"))
        }
        1 => format!(
            "2001:{:x}:{:x}::{:x}",
            0x200 + draw.below(0x200),
            1 + draw.below(999),
            1 + draw.below(65_535)
        ),
        _ => four.map(|octet| octet.to_string()).join("."),
    }
}

fn private_address(draw: &mut Draw) -> String {
    let (two, three, four) = (draw.below(256), draw.below(256), 10 + draw.below(244));
    draw.one(&["10.T.H.F", "192.168.H.F", "172.20.H.F", "100.64.H.F"])
        .replace('T', &two.to_string())
        .replace('H', &three.to_string())
        .replace('F', &four.to_string())
}

fn secret(draw: &mut Draw) -> (String, String) {
    const ALL: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let lot = |draw: &mut Draw, count: usize| format!("7{}q", draw.signs(ALL, count - 2));
    let value = match draw.below(10) {
        0 => format!("AKIA{}", draw.signs("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        1 => format!("ghp_{}", lot(draw, 36)),
        2 => format!("xoxb-{}-{}-{}", draw.digits(11), draw.digits(12), lot(draw, 24)),
        3 => format!("sk-{}", lot(draw, 48)),
        4 => format!("sk_live_{}", lot(draw, 24)),
        5 => format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", lot(draw, 30), lot(draw, 43)),
        6 => {
            let lines: Vec<String> = (0..4).map(|_| lot(draw, 64)).collect();
            format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----", lines.join("\n"))
        }
        7 => return ("password=".to_owned(), format!("{}!{}", lot(draw, 7), lot(draw, 5))),
        8 => return ("api_key: ".to_owned(), lot(draw, 32)),
        _ => return ("Authorization: Bearer ".to_owned(), lot(draw, 40)),
    };
    (String::new(), value)
}

fn ssn(draw: &mut Draw) -> String {
    let area = loop {
        let area = 1 + draw.below(899);
        if area != 666 {
            break area;
        }
    };
    format!("{area:03}-{:02}-{:04}", 1 + draw.below(99), 1 + draw.below(9_999))
}

fn nino(draw: &mut Draw) -> String {
    let prefix = draw.one(&["AB", "CE", "JG", "MW", "PX", "SR", "YZ"]);
    let (digits, suffix) = (draw.digits(6), draw.one(&["A", "B", "C", "D"]));
    match draw.below(2) {
        0 => format!("{prefix}{digits}{suffix}"),
        _ => format!("{prefix} {} {suffix}", grouped(&digits, &[2, 2, 2], " ")),
    }
}

fn steuer_id(draw: &mut Draw) -> String {
    // Nine distinct digits, of which one stands twice.
    let mut digits: Vec<u8> = (0..10).collect();
    for index in (1..10).rev() {
        digits.swap(index, draw.below(index + 1));
    }
    digits[9] = digits[draw.below(9)];
    if digits[0] == 0 {
        let other = digits.iter().position(|digit| *digit != 0).expect("only one digit is 0, or two");
        digits.swap(0, other);
    }
    let mut product = 10;
    for digit in &digits {
        let mut sum = (u32::from(*digit) + product) % 10;
        if sum == 0 {
            sum = 10;
        }
        product = (sum * 2) % 11;
    }
    let check = if 11 - product == 10 { 0 } else { 11 - product };
    let number: String =
        digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>() + &check.to_string();
    match draw.below(2) {
        0 => number,
        _ => grouped(&number, &[2, 3, 3, 3], " "),
    }
}

fn nir(draw: &mut Draw) -> String {
    let head = format!(
        "{}{:02}{:02}{:02}{:03}{:03}",
        1 + draw.below(2),
        draw.below(100),
        1 + draw.below(12),
        1 + draw.below(95),
        1 + draw.below(989),
        1 + draw.below(999),
    );
    let key = 97 - head.parse::<u64>().expect("thirteen digits") % 97;
    let number = format!("{head}{key:02}");
    match draw.below(2) {
        0 => number,
        _ => grouped(&number, &[1, 2, 2, 2, 3, 3, 2], " "),
    }
}

fn dni(draw: &mut Draw) -> String {
    const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let letter = |number: usize| char::from(LETTERS[number % 23]);
    let number = draw.below(10_000_000);
    match draw.below(3) {
        0 => format!("X{number:07}{}", letter(number)),
        1 => format!("Y-{number:07}-{}", letter(10_000_000 + number)),
        _ => format!("{:08}{}", number * 7, letter(number * 7)),
    }
}

fn codice_fiscale(draw: &mut Draw) -> String {
    const ODD: &[(char, u32)] = &[
        ('0', 1),
        ('1', 0),
        ('2', 5),
        ('3', 7),
        ('4', 9),
        ('5', 13),
        ('6', 15),
        ('7', 17),
        ('8', 19),
        ('9', 21),
        ('A', 1),
        ('B', 0),
        ('C', 5),
        ('D', 7),
        ('E', 9),
        ('F', 13),
        ('G', 15),
        ('H', 17),
        ('I', 19),
        ('J', 21),
        ('K', 2),
        ('L', 4),
        ('M', 18),
        ('N', 20),
        ('O', 11),
        ('P', 3),
        ('Q', 6),
        ('R', 8),
        ('S', 12),
        ('T', 14),
        ('U', 16),
        ('V', 10),
        ('W', 22),
        ('X', 25),
        ('Y', 24),
        ('Z', 23),
    ];
    let head = format!(
        "{}{}{}{:02}{}{}",
        draw.signs("BCDFGLMNPRSTV", 6),
        draw.digits(2),
        draw.signs("ABCDEHLMPRST", 1),
        1 + draw.below(28),
        draw.one(&["A", "F", "H", "L"]),
        draw.digits(3),
    );
    let sum: u32 = head
        .chars()
        .enumerate()
        .map(|(index, sign)| match index % 2 {
            0 => ODD.iter().find(|(odd, _)| *odd == sign).expect("every sign is listed").1,
            _ => sign.to_digit(10).unwrap_or_else(|| sign as u32 - 'A' as u32),
        })
        .sum();
    format!("{head}{}", char::from(b'A' + (sum % 26) as u8))
}

fn bsn(draw: &mut Draw) -> String {
    loop {
        let head = draw.digits(8);
        let sum: usize =
            head.bytes().zip((2..=9).rev()).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
        if sum % 11 < 10 && !head.starts_with('0') {
            return format!("{head}{}", sum % 11);
        }
    }
}

fn aadhaar(draw: &mut Draw) -> (String, String) {
    const D: [[usize; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const P: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    const INVERSE: [usize; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    let head = format!("{}{}", 2 + draw.below(8), draw.digits(10));
    let product = head.bytes().rev().enumerate().fold(0, |product, (index, byte)| {
        let permuted = (0..(index + 1) % 8).fold(usize::from(byte - b'0'), |digit, _| P[digit]);
        D[product][permuted]
    });
    let number = format!("{head}{}", INVERSE[product]);
    match draw.below(3) {
        0 => ("Aadhaar ".to_owned(), number),
        1 => (String::new(), grouped(&number, &[4, 4, 4], "-")),
        _ => (String::new(), grouped(&number, &[4, 4, 4], " ")),
    }
}
