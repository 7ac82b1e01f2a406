/// The words of a text whose lines somebody broke, with one blank between them.
pub(super) fn on_one_line(text: &[u8]) -> Vec<u8> {
    let words = text.split(u8::is_ascii_whitespace);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}
