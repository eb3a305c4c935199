//! `question -> bool`: whether a strict reader keeps it, whatever rule asked: the answer is news to who knows the name,
//! and either side is whole and can leave its page.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::list::first_sentence;
use super::question::{Ask, Question};
use super::whole::{can_leave, is_cut, is_one_of, leans};
use super::words::{is_stop, letters, stem};

/// Words that documentation says of everything: what consists of them is no news.
const HOLLOW: &str = "across additional after allow also application apply associated available based before behavior \
    boolean called certain command component config configurable configuration configure connection contain control \
    correct corresponding current custom default define describe description detail determine different disable \
    during enable entire every file flag follow give handle help hold identify include indicate information instance \
    item kind let limit list location manage mode name need new number object only operate option optional parameter \
    pass path perform possible property provide purpose relate relevant represent require responsible section select \
    set setting show simple specific specify string support term thing through time total true type until url user \
    value various view way whether while within without work \
    action added adding condition count desired duration entry exact field filter finish have how long match maximum \
    minimum parameters part primary process put role rule search sequence size state store take taken use";

/// Of these, what is said of names that are made of several words, and seldom more than they say themselves.
const HOLLOW_OF_NAMES: &str = "array boolean count counter gauge histogram integer json measure \
    particular total attempt between initial demonstrate pattern variety convert converting data endpoint export format input issue level make output own produce receive request response \
    retrieve return send sent service target various";

/// Words of advice, of warning and of praise: they tell what to do, or how good a thing is, but not what it is.
const ADVICE: &str = "must recommended recommend recommends deprecated obsolete outdated removed preferred \
    unfortunately currently legacy please ideally beware caution comprehensive expressive powerful seamless \
    seamlessly robust enterprise-grade industry-leading";

/// Shapes that ask by a name what it is or does.
const DESCRIBED: [&str; 5] = ["item", "cell", "flag", "does", "definition"];

/// Shapes that ask for a name by what is said of it.
const REVERSED: [&str; 3] = ["term", "item-term", "row"];

/// Columns that number their rows instead of naming them.
const RANKS: [&str; 6] = ["order", "step", "stage", "rank", "phase", "priority"];

/// Words that everybody knows: what they mean is no news, and as an answer they can be guessed.
const EVERYDAY: &str = "client computer directory file folder hostname json label metadata password server uri url \
    user username website yaml";

/// Returns whether a text says what something is not.
fn denies(text: &str) -> bool {
    [" is not ", " are not ", " not a ", " not an ", " not the ", " rather than "]
        .iter()
        .any(|words| text.contains(words))
}

/// Returns whether a value is a release's own number, "v1.2.3": with the next one it is another.
fn is_of_one_release(value: &str) -> bool {
    let mut tail = value.rsplit([':', '/']).next().unwrap_or(value).trim_matches('`');
    tail = tail.strip_prefix('v').unwrap_or(tail).split(['-', '+']).next().unwrap_or_default();
    tail.split('.').count() == 3 && tail.split('.').all(|part| part.parse::<u32>().is_ok())
}

/// Returns whether a question asks for news, and both its sides are whole and can leave their page.
pub(super) fn is_fair(question: &Question, title: &str) -> bool {
    let (Ask::According(ask) | Ask::Quoted(ask)) = &question.ask;
    let answer = question.answer.as_str();
    let of = |shapes: &[&str]| shapes.contains(&question.shape);
    let property = of(&["cell", "flag"]) && ask.starts_with("what is the ");
    let described = of(&DESCRIBED) && !property;
    let in_words = described || of(&REVERSED);
    let advised = |text: &str| text.split_whitespace().any(|word| is_one_of(ADVICE, word));
    let advises = in_words && (advised(ask) || advised(answer))
        || of(&["definition", "term", "does"]) && answer.split_whitespace().any(|word| word == "should");
    let told = !of(&REVERSED) || !ask.contains(". ") && !names_in_part(ask, answer);
    let whole = can_leave(ask) && can_leave(answer) && !(in_words && (is_cut(answer) || leans(answer)));
    let fits = match question.shape {
        "definition" => !is_everyday(ask) && !ask.contains('<') && !denies(answer),
        "term" => !is_everyday(answer) && !answer.contains(['<', '{']),
        "row" => !RANKS.iter().any(|kind| ask.starts_with(&format!("which {kind} "))),
        "list" => !is_of_types(answer),
        "blank" | "default" => !is_of_one_release(answer),
        // What an image is built from or called, only who built it knows.
        "command" => !answer.starts_with("docker ") || answer.contains(" run ") && answer.contains('/'),
        _ if !described => !is_of_one_release(answer),
        _ => is_asked_rightly(ask, answer),
    };
    let sold = ["designed to be ", "designed to help", "UX-"].iter().any(|words| answer.contains(words));
    let advises = advises || in_words && sold;
    let beside = [title, question.section.as_deref().unwrap_or_default(), ask].join(" ");
    let sentence = question.shape == "does" && !ask.contains('`');
    let defines = question.shape == "definition" || sentence;
    whole && fits && !advises && told && (!described || is_news(&beside, answer, defines))
}

/// Returns whether what is asked by a name is what is answered: a deed is a deed, and the name is one.
fn is_asked_rightly(ask: &str, answer: &str) -> bool {
    let mut answered = answer.split_whitespace();
    let second = answered.nth(1).unwrap_or_default();
    let by_time = ["after", "when", "before", "once", "until", "if", "from"].contains(&second);
    let ends = ask.trim_end_matches(" do?").rsplit(' ').next().unwrap_or_default();
    let ranked = RANKS.iter().any(|kind| ask.contains(&format!("the {kind} \"")));
    // A plain word in code, also a capitalised one, does not say what it is a name of.
    let code = ask.strip_prefix("what does `").or(ask.strip_prefix("what is `"));
    let is_file = code.is_some_and(|code| {
        let name = code.split('`').next().unwrap_or_default();
        [".yaml", ".yml", ".json", ".sh", ".md", ".go", ".py", ".tf"].iter().any(|end| name.ends_with(end))
    });
    let plain = code.and_then(|code| code.split_once('`')).is_some_and(|(code, _)| {
        code.chars().skip(1).all(|c| c.is_ascii_lowercase()) && code.chars().all(char::is_alphabetic)
    });
    // Of "ownerFromEnv", an answer that names no "env" describes the owner.
    let source = ask.split(['`', '"']).nth(1).and_then(|name| name.split_once("From"));
    let sourced = source.is_none_or(|(_, source)| letters(answer).contains(&letters(source)));
    let deed = ask.starts_with("what does ") && (by_time || is_stop(ends));
    !deed && !ranked && !plain && !is_file && sourced
}

/// Returns whether the name that is asked for, or answered, is one word of everybody's.
fn is_everyday(text: &str) -> bool {
    let name = ["what is ", "what are "].iter().find_map(|open| text.strip_prefix(open)).unwrap_or(text);
    let name = ["a ", "an ", "the "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(name);
    is_one_of(EVERYDAY, name)
}

/// Returns whether the items of a list are names with their types: nobody knows them by heart.
fn is_of_types(list: &str) -> bool {
    let typed = |item: &str| item.matches('`').count() >= 4;
    let flags = |item: &str| item.trim_start_matches("- ").starts_with("`--");
    list.lines().any(typed) && list.lines().all(flags)
}

/// Returns whether an answer says more than what it is asked by: its page, its section and the name.
///
/// A definition has to say less that is new: its words, and not those of its name, are what tells the thing apart.
fn is_news(asked: &str, answer: &str, defines: bool) -> bool {
    let (asked, answer) = (stems(asked), &without_examples(answer));
    let said = stems(answer);
    let spelled = spelled_out(&asked, answer);
    let is_new = |stem: &&String| {
        !spelled.contains(*stem)
            && (defines || !HOLLOW_NAMES.contains(*stem))
            && !asked.iter().any(|asked| meet(asked, stem))
    };
    let at_once = stems(first_sentence(answer)).iter().filter(is_new).count();
    at_once >= 3 && said.iter().filter(is_new).count() >= if defines { 3 } else { 4 }
}

static HOLLOW_NAMES: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| HOLLOW_OF_NAMES.split_ascii_whitespace().map(stem).collect());

/// Returns a text without its examples: they show what was said, and say nothing themselves.
fn without_examples(text: &str) -> String {
    let marks =
        ["(e.g.", "(for example", "(ex:", "(such as", ", for example", ", e.g.", " for example:", " e.g. "];
    let mut rest = text;
    let mut kept = String::new();
    while let Some((at, mark)) = marks.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min() {
        kept.push_str(&rest[..at]);
        let shown = &rest[at + mark.len()..];
        let end = if mark.starts_with('(') { shown.find(')') } else { shown.find(". ") };
        rest = end.map_or("", |end| &shown[end + 1..]);
    }
    kept + rest
}

/// Returns the stems of the words of a text whose initials were said: of "rpc", "remote procedure call".
fn spelled_out(asked: &BTreeSet<String>, text: &str) -> BTreeSet<String> {
    let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let short = asked.iter().filter(|name| (2..=5).contains(&name.len()));
    let runs = short.flat_map(|name| {
        let meant = |run: &&[&str]| run.iter().zip(name.chars()).all(|(word, c)| word.starts_with(c));
        words.windows(name.len()).filter(meant).flatten().map(|word| stem(word)).collect::<Vec<_>>()
    });
    runs.collect()
}

/// Returns whether a prompt says a part of the name that it asks for, however it is written there.
fn names_in_part(ask: &str, name: &str) -> bool {
    let said = letters(ask);
    let words = name.split(|c: char| !c.is_alphanumeric());
    let parts = words.flat_map(|word| std::iter::once(word.to_lowercase()).chain(parts(word)));
    parts.filter(|part| part.len() >= 5).any(|part| said.contains(&part))
}

/// Returns the stems of the words that carry matter, of code also those that its name is made of.
fn stems(text: &str) -> BTreeSet<String> {
    static EMPTY: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| HOLLOW.split_ascii_whitespace().map(stem).collect());
    let parts = text.split(|c: char| !c.is_alphanumeric()).flat_map(parts);
    let stems = parts.filter(|word| word.len() > 1 && !is_stop(word)).map(|word| stem(&word));
    stems.filter(|stem| !EMPTY.contains(stem)).collect()
}

/// Parts a word at its humps, also where a part is of two letters or all in capitals: "labelsToKeep", "HTTPRoute".
fn parts(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut small = false;
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let heads = rest.peek().is_some_and(|next| next.is_lowercase() && *next != 's');
        let part = parts.last().is_some_and(|part| part.len() > 1);
        if c.is_uppercase() && (small || heads && part) {
            parts.push(String::new());
        }
        small = c.is_lowercase();
        parts.last_mut().expect("there is always a part").extend(c.to_lowercase());
    }
    parts
}

/// Returns whether the second stem is of the first's word, of its short form, or glued into it: "config", "configur";
/// "baseimagetag", "imag".
fn meet(asked: &str, said: &str) -> bool {
    asked == said
        || asked.len() >= 4 && said.starts_with(asked)
        || said.len() >= 3 && asked.contains(said)
        || shortens(asked, said)
}

/// Returns whether a word is what consonants are left of another: "src", "source"; "dst", "destination".
fn shortens(short: &str, long: &str) -> bool {
    let vowels = short.chars().skip(1).filter(|c| "aeiou".contains(*c)).count();
    let mut rest = long.chars();
    (3..=4).contains(&short.len())
        && vowels == 0
        && short.len() < long.len()
        && short.chars().next() == long.chars().next()
        && short.chars().all(|c| rest.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_and_none() {
        for (ask, answer) in [
            ("what does `labelsToKeep` do?", "specifies the labels to keep when collecting logs."),
            ("what does \"Job Queueing\" do?", "Sends jobs to the Job Queue for processing."),
            ("how is the class `Config` described?", "configuration for the `Client` class"),
            ("what does \"Node page\" do?", "provides detailed information about the component."),
            ("what does a HTTPRoute do?", "A HTTPRoute configures routing of HTTP traffic through Gateways."),
            ("how is the variable \"BASEIMAGETAG\" described?", "The tag for base image, default:dev"),
            ("how is `update_duration_seconds` described?", "How long an update takes to finish."),
            ("how is `src.name` described?", "Source service name (resolved from service discovery)"),
            ("what does `rpc.client.call.duration` do?", "Measures outbound remote procedure calls (RPC)."),
            (
                "what does `BoxExporter` do?",
                "Converts metric data to Box format and exports to a Box endpoint.",
            ),
        ] {
            assert!(!is_news(ask, answer, false), "{ask}");
        }
        for (ask, answer) in [
            (
                "what does `block_encoding` do?",
                "sets the compression algorithm used for block pages of logs.",
            ),
            (
                "how is \"Timeout\" described?",
                "The pause that a server makes between two calls of its peers.",
            ),
        ] {
            assert!(is_news(ask, answer, false), "{ask}");
        }
    }

    #[test]
    fn a_name_and_its_deed() {
        for (ask, answer) in [
            ("what does `/-/ready` do?", "starts after all of the bootstrapping is completed"),
            ("what does the tenancy model for do?", "The tenancy model for queries differs from the other."),
            ("what does the order \"Second\" do?", "Sets which tags to retain."),
            ("what does `Local` do?", "overrides only the responses of the proxy itself"),
            ("what is `ownerFromEnv`?", "The owner of the repository."),
        ] {
            assert!(!is_asked_rightly(ask, answer), "{ask}");
        }
        assert!(is_asked_rightly("what is `ownerFromEnv`?", "An environment variable that names the owner."));
        assert!(is_asked_rightly("what does `thanos rule` do?", "evaluates rules against the chosen API"));
    }

    #[test]
    fn words_of_everybody() {
        assert!(is_everyday("what is a hostname?") && is_everyday("what is Metadata?"));
        assert!(!is_everyday("what is a proxy server?"));
        assert!(is_of_types("- `--a.b`, `int`\n- `--c.d`, `bool`") && !is_of_types("- `a`\n- `b`"));
    }
}
