use regex::{Regex, RegexBuilder};

/// What is looked for, over texts that are [`normal`].
#[derive(Debug)]
pub(crate) struct Phrases {
    /// At the beginning of an answer.
    pub(crate) openings: Regex,
    /// Anywhere.
    pub(crate) anywhere: Regex,
    /// At the beginning of a sentence of a short answer.
    pub(crate) answers: Regex,
}

// The phrases are those that instruction data is commonly cleaned of, written down anew as patterns; such lists are
// described by Zheng et al. 2023, "LMSYS-Chat-1M", arXiv 2309.11998, and Chen et al. 2023, "AlpaGasus", arXiv 2307.08701.

/// What may stand before a refusal that opens an answer.
const LEAD: &str = r"(?:(?:hi|hello|hey|well|oh|hm+|no|unfortunately|regrettably|sorry|apologies|my apologies|i apologi[sz]e|(?:i'm|i am)(?: (?:very|really|so|truly|deeply))? (?:sorry|afraid)(?: to say)?|thank you for [a-z ]{1,40}|i understand[a-z ,']{0,80}|while i[a-z ,']{0,60})(?: that)?[,.!:;-]* *(?:(?:but|however|and|that),? *)?){0,4}";

/// That somebody cannot, or will not.
const CANNOT: &str = r"(?:(?:i|we) (?:really |simply |just )?(?:cannot|can't|can not|won't|will not|must (?:decline|refuse)|have to (?:decline|refuse)|decline|refuse|do not feel comfortable|don't feel comfortable)|(?:i'm|i am|we're|we are) (?:really |simply |just )?(?:not able|unable|not allowed|not permitted|not comfortable|not going))(?: to)?";

/// What is refused, where that alone makes it a refusal.
const ACTS: &str = r"(?: (?:fully|directly|actually|really|in good conscience|ever|be|to|with|of|any))* (?:help(?: (?:you|with|anyone|anybody|somebody|someone|people|them|out|here)\b|[.,!;:]|$)|helping|assist|assisting|provid(?:e|ing)|answer|answering|comply|fulfil+|creat(?:e|ing)|generat(?:e|ing)|writ(?:e|ing)|giv(?:e|ing)|offer|support|engag(?:e|ing)|continue|discuss|discussing|shar(?:e|ing)|produce|complete|do (?:that|this|so)|respond|responding|access|browse|promote|encourage|condone|advise|participate|fulfill?|tell you|give you|view|see (?:images|pictures|the (?:image|picture|attachment)))\b";

/// Other refusals.
const OTHER: &str = r"(?:(?:it(?:'s| is| would be| wouldn't be| would not be) (?:not (?:appropriate|ethical|possible)|inappropriate|unethical|appropriate) for me to)|(?:this|that|your) (?:request|question|prompt) (?:violates|goes against)|i (?:must|have to) (?:decline|refuse)\b)";

/// What a model says of itself.
const ITSELF: [&str; 4] = [
    r"\b(?:as|being) an? (?:(?:large|helpful|text-based|artificial intelligence|responsible|ai|virtual) )*(?:language model|ai|assistant|chatbot)(?: (?:model|assistant|chatbot|system))?(?: (?:developed|trained|created|made) by [a-z]+)?,? (?:i|my|i'm|i've)\b",
    r"\bi(?:'m| am)(?: just| only| merely)? an? (?:(?:large|text-based|artificial intelligence|ai) )*(?:language model|ai (?:model|assistant|chatbot)|ai\b[.,;])",
    r"\bmy (?:knowledge cut-?off|training data (?:only )?(?:goes|ends|extends)|last (?:knowledge )?update was|knowledge (?:only )?(?:goes|ends|extends) (?:up )?to)\b",
    r"\bi do(?:n't| not) have (?:personal|my own) (?:opinions|beliefs|feelings|emotions|experiences|preferences)\b",
];

/// Sentences that are no answer.
const NO_ANSWER: &str = r"(?:i (?:do not|don't|am not|'m not) (?:know(?: the answer)?(?: to (?:that|this)(?: question)?)?|sure) *(?:[.!]|$)|i (?:do not|don't) have (?:enough |any |sufficient |the )?(?:information|access|context|details|data|ability)\b|no (?:answer|response) *(?:[.!]|$)|n/a *[.]?$|i have no (?:idea|information|answer)\b|i(?:'m| am)(?: very| really| so)? sorry,? but i\b)";

impl Phrases {
    /// Makes the patterns of what is built in, if it is wanted, and of the user's phrases.
    pub(crate) fn new(
        builtin: bool,
        openings: &[String],
        anywhere: &[String],
        answers: &[String],
    ) -> Result<Self, regex::Error> {
        let own = |texts: &[String]| texts.iter().map(|text| spelled(text)).collect::<Vec<_>>();
        let (mut openings, mut anywhere, mut answers) = (own(openings), own(anywhere), own(answers));
        if builtin {
            openings.push(format!("{LEAD}(?:{CANNOT}{ACTS}|{OTHER})"));
            anywhere.extend(ITSELF.map(str::to_owned));
            answers.push(format!("(?:{LEAD}){NO_ANSWER}"));
        }
        Ok(Phrases {
            openings: any_of(&openings, r"^[\W_]*")?,
            anywhere: any_of(&anywhere, "")?,
            answers: any_of(&answers, r"^[\W_]*")?,
        })
    }
}

fn any_of(patterns: &[String], before: &str) -> Result<Regex, regex::Error> {
    let pattern = match patterns.is_empty() {
        // It matches nothing.
        true => r"[^\s\S]".to_owned(),
        false => format!("{before}(?:{})", patterns.join("|")),
    };
    RegexBuilder::new(&pattern).size_limit(64 << 20).build()
}

/// Makes a pattern of the words of a phrase: whole words, and whatever punctuation stands between them.
fn spelled(text: &str) -> String {
    let text = normal(text);
    let words = text.split(|c: char| !is_part(c)).filter(|word| !word.is_empty()).map(regex::escape);
    format!(r"\b{}\b", words.collect::<Vec<_>>().join(r"[^\w']+"))
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '\''
}

/// Returns a text as phrases are looked for: in lower case, its apostrophes straight, no emphasis, spaces single.
pub(crate) fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '’' | '‘' | 'ʼ' | '`' => normal.push('\''),
            '*' | '_' | '#' | '>' | '"' | '“' | '”' => {}
            c if c.is_whitespace() => {
                if !normal.is_empty() && !normal.ends_with(' ') {
                    normal.push(' ');
                }
            }
            c => normal.push(c),
        }
    }
    let normal = normal.trim().to_owned();
    if normal.contains(char::is_alphanumeric) { normal } else { String::new() }
}
