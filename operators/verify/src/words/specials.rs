//! Words that split otherwise than the rules say, or don't split where the rules would.

use std::sync::OnceLock;

use super::split_piece;

/// Stems, and the endings that split from them: each with its apostrophe, with a curly one, and without.
///
/// Source: spaCy 3.8, `lang/en/tokenizer_exceptions.py`; a `|` stands where a further split is.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("i", "'m 'm|a"),
    ("i you he she it we they", "'ll 'll|'ve 'd 'd|'ve"),
    ("i you we they", "'ve"),
    ("you we they", "'re"),
    ("he she it", "'s"),
    ("who what when where why how there", "'s 'll 'll|'ve 're 've 'd 'd|'ve"),
    ("that this", "'s 'll 'll|'ve 'd 'd|'ve"),
    ("these those", "'ll 'll|'ve 're 've 'd 'd|'ve"),
    ("ca could do does did had may might must need ought sha should wo would", "n't n't|'ve"),
    ("could might must should would not", "'ve"),
    ("ai are is was were have has dare", "n't"),
];

/// Contractions without an apostrophe that are words in their own right.
const WORDS_AFTER_ALL: &[&str] = &["ill", "its", "hell", "shell", "shed", "were", "well", "whore"];

/// Other splits, marked by `|`.
const SPLITS: &str = "y'|all y|all how|'d|'y How|'d|'y can|not Can|not gon|na Gon|na got|ta Got|ta let|'s Let|'s \
    c'm|on C'm|on °|c|. °|f|. °|k|. °|C|. °|F|. °|K|.";

/// Abbreviations and short forms that stay whole.
const WHOLE: &str = "' '' 'Cause 'Cos 'Coz 'Cuz 'S 'bout 'cause 'cos 'coz 'cuz 'd 'em 'll 'nuff 're 's ‘S ‘s \
    Adm. Ak. Ala. Apr. Ariz. Ark. Aug. Bros. Calif. Co. Colo. Conn. Corp. D.C. Dec. Del. Dr. E.G. E.g. Feb. \
    Fla. Ga. Gen. Gov. I.E. I.e. Ia. Id. Ill. Inc. Ind. Jan. Jr. Jul. Jun. Kan. Kans. Ky. La. Ltd. Mar. \
    Mass. Md. Messrs. Mich. Minn. Miss. Mo. Mont. Mr. Mrs. Ms. Mt. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. \
    Nev. Nov. Oct. Okla. Ore. Pa. Ph.D. Prof. Rep. Rev. S.C. Sen. Sep. Sept. St. Tenn. Va. Wash. Wis. a.m. \
    and/or co. e.g. i.e. p.m. v.s. vs. w/o em ll nuff ol ol' Ol Ol' ma'am Ma'am o'clock O'clock doin doin' \
    Doin Doin' goin goin' Goin Goin' havin havin' Havin Havin' lovin lovin' Lovin Lovin' nothin nothin' Nothin \
    Nothin' nuthin nuthin' Nuthin Nuthin' somethin somethin' Somethin Somethin' C++ <space> \\\") \\n \\t — \
    a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. ö. ü.";

/// Faces, which stay whole. Source: spaCy 3.8, `lang/tokenizer_exceptions.py`.
const FACES: &str = "(*_*) (-8 (-: (-; (-_-) (._.) (: (; (= (>_<) (^_^) (o: (¬_¬) (ಠ_ಠ) (╯°□°）╯︵┻━┻ )-: ): -_- \
    -__- ._. 0.0 0.o 0_0 0_o 8) 8-) 8-D 8D :'( :') :'-( :'-) :( :(( :((( :() :) :)) :))) :* :-( :-(( :-((( :-) \
    :-)) :-))) :-* :-/ :-0 :-3 :-> :-D :-O :-P :-X :-] :-o :-p :-x :-| :-} :/ :0 :1 :3 :> :D :O :P :X :] :o :o) \
    :p :x :| :} ;) ;-) ;-D ;D ;_; <.< </3 <3 <33 <333 =( =) =/ =3 =D =[ =] =| >.< >.> >:( >:o ><(((*> @_@ O.O \
    O.o O_O O_o V.V V_V XD XDD [-: [: [= ]= ^_^ ^__^ ^___^ o.0 o.O o.o o_0 o_O o_o v.v v_v xD xDD ¯\\(ツ)/¯ ಠ_ಠ ಠ︵ಠ";

/// One special word.
pub(super) struct Special {
    text: String,
    /// Lengths of its words, in bytes.
    pub(super) cuts: Vec<usize>,
    /// Lengths of the words that the rules alone would make of it, in bytes.
    pub(super) ruled: Vec<usize>,
}

/// All special words, found by their text or by their first ruled word.
pub(super) struct Specials {
    all: Vec<Special>,
    by_text: Index,
    by_first: Index,
    longest: usize,
}

impl Specials {
    /// Returns the words' splits of English.
    pub(super) fn english() -> &'static Specials {
        static ENGLISH: OnceLock<Specials> = OnceLock::new();
        ENGLISH.get_or_init(|| Specials::new(english_words()))
    }

    fn new(words: Vec<Vec<String>>) -> Self {
        let cut = |pieces: Vec<String>| Special {
            text: pieces.concat(),
            cuts: pieces.iter().map(String::len).collect(),
            ruled: Vec::new(),
        };
        let mut all: Vec<Special> = words.into_iter().map(cut).collect();
        all.sort_by(|a, b| a.text.cmp(&b.text));
        all.dedup_by(|a, b| a.text == b.text);
        let longest = all.iter().map(|special| special.text.len()).max().unwrap_or_default();
        for special in &mut all {
            let mut spans = Vec::new();
            split_piece(&special.text, 0, None, &mut spans);
            special.ruled = spans.iter().map(|&(start, end)| end - start).collect();
        }
        let by_text = Index::new(all.iter().enumerate().map(|(at, special)| (at, special.text.as_str())));
        // A word that the rules leave whole is never pieced together again.
        let pieced = all.iter().enumerate().filter(|(_, special)| special.ruled.len() > 1);
        let by_first = Index::new(pieced.map(|(at, special)| (at, &special.text[..special.ruled[0]])));
        Specials { all, by_text, by_first, longest }
    }

    /// Returns the special word with this text.
    pub(super) fn get(&self, text: &str) -> Option<&Special> {
        if text.len() > self.longest {
            return None;
        }
        self.by_text.all(text).map(|at| &self.all[at]).find(|special| special.text == text)
    }

    /// Returns whether the rules' words from `start` on begin a special word, for each that they do.
    pub(super) fn pieced<'a>(
        &'a self,
        text: &'a str,
        spans: &'a [(usize, usize)],
    ) -> impl Iterator<Item = &'a Special> {
        let first = spans.first().map_or("", |&(start, end)| &text[start..end]);
        let known = first.len() <= self.longest;
        let found = known.then(|| self.by_first.all(first)).into_iter().flatten();
        found.map(|at| &self.all[at]).filter(move |special| special.is_spelt(text, spans))
    }
}

impl Special {
    fn is_spelt(&self, text: &str, spans: &[(usize, usize)]) -> bool {
        let mut rest = self.text.as_str();
        self.ruled.len() <= spans.len()
            && self.ruled.iter().zip(spans).all(|(&length, &(start, end))| {
                let (word, after) = rest.split_at(length);
                rest = after;
                &text[start..end] == word
            })
    }
}

/// An open hash table from texts to numbers, small enough for a processor's nearest cache.
///
/// It may name numbers of other texts too: who asks compares.
struct Index {
    /// A number plus one, or 0.
    slots: Vec<u16>,
    /// For each first byte the lengths of the texts that begin with it, as bits.
    lengths: [u64; 256],
}

impl Index {
    fn new<'a>(entries: impl Iterator<Item = (usize, &'a str)>) -> Self {
        // Four times as many slots as there are words, so that most misses look once.
        let mut index = Index { slots: vec![0; 8192], lengths: [0; 256] };
        for (number, text) in entries {
            index.lengths[first_byte(text)] |= length_bit(text);
            let mut slot = hash(text) as usize % index.slots.len();
            while index.slots[slot] != 0 {
                slot = (slot + 1) % index.slots.len();
            }
            index.slots[slot] = u16::try_from(number + 1).expect("there are fewer than 65535 special words");
        }
        index
    }

    fn all(&self, text: &str) -> impl Iterator<Item = usize> {
        let likely = self.lengths[first_byte(text)] & length_bit(text) != 0;
        let start = if likely { hash(text) as usize % self.slots.len() } else { 0 };
        let (before, after) = self.slots.split_at(start);
        let run = after.iter().chain(before).take_while(move |&&slot| likely && slot != 0);
        run.map(|&slot| usize::from(slot) - 1)
    }
}

fn first_byte(text: &str) -> usize {
    text.bytes().next().map_or(0, usize::from)
}

/// Returns the bit of a text's length; that of 63 stands for all that are longer.
fn length_bit(text: &str) -> u64 {
    1 << text.len().min(63)
}

/// FNV-1a, its high bits folded in.
fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

/// Returns each special word as the words that it splits into.
fn english_words() -> Vec<Vec<String>> {
    let mut words: Vec<Vec<String>> = Vec::new();
    for (stems, endings) in CONTRACTIONS {
        for stem in stems.split(' ') {
            for ending in endings.split(' ') {
                push_contraction(&mut words, stem, ending);
            }
        }
    }
    for hour in 1..=12 {
        words.extend(["a.m.", "am", "p.m.", "pm"].map(|half| vec![hour.to_string(), half.to_owned()]));
    }
    words.extend(SPLITS.split(' ').map(pieces));
    words.extend(WHOLE.split(' ').chain(FACES.split(' ')).map(|word| vec![word.to_owned()]));
    let curly = |pieces: &Vec<String>| pieces.iter().map(|piece| piece.replace('\'', "’")).collect();
    let curly: Vec<Vec<String>> = words.iter().map(curly).collect();
    words.extend(curly);
    words
}

fn pieces(marked: &str) -> Vec<String> {
    marked.split('|').map(str::to_owned).collect()
}

fn push_contraction(words: &mut Vec<Vec<String>>, stem: &str, ending: &str) {
    let capital = stem[..1].to_uppercase() + &stem[1..];
    for stem in [stem, &capital] {
        words.push(pieces(&format!("{stem}|{ending}")));
        let bare = pieces(&format!("{stem}|{}", ending.replace('\'', "")));
        if !WORDS_AFTER_ALL.contains(&bare.concat().to_lowercase().as_str()) {
            words.push(bare);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Specials;

    #[test]
    fn english_has_as_many_special_words_as_its_source() {
        // The source has 1,347; four of them are white space, which is no word.
        assert_eq!(Specials::english().all.len(), 1343);
    }

    #[test]
    fn special_words_are_found_by_their_text() {
        let english = Specials::english();
        assert_eq!(english.get("can't").map(|special| special.cuts.clone()), Some(vec![2, 3]));
        assert_eq!(english.get("dont").map(|special| special.cuts.clone()), Some(vec![2, 2]));
        assert_eq!(english.get(":-|").map(|special| special.cuts.clone()), Some(vec![3]));
        assert!(english.get("its").is_none() && english.get("").is_none());
    }
}
