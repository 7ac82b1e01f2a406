/// Whether all bytes are plain, of which a space is one. Texts are short, so this is without a branch
/// for each of their bytes.
#[inline]
pub(super) fn are_plain(bytes: &[u8], is_plain: impl Fn(u8) -> bool) -> bool {
    let mut odd = [0; BLOCK];
    let mut look = |block: &[u8; BLOCK]| {
        for (odd, &byte) in odd.iter_mut().zip(block) {
            *odd |= u8::from(!is_plain(byte));
        }
    };
    match bytes.last_chunk() {
        Some(last) => {
            bytes.as_chunks().0.iter().for_each(&mut look);
            look(last);
        }
        None => {
            let mut block = [b' '; BLOCK];
            block[..bytes.len()].copy_from_slice(bytes);
            look(&block);
        }
    }
    odd == [0; BLOCK]
}

/// As many bytes as any processor looks at in one step.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_found_wherever_it_stands() {
        let is_plain = |byte| byte != b'"';
        for length in 0..70 {
            let mut text = vec![b'a'; length];
            assert!(are_plain(&text, is_plain), "{length}");
            for at in 0..length {
                text[at] = b'"';
                assert!(!are_plain(&text, is_plain), "{at} of {length}");
                text[at] = b'a';
            }
        }
    }
}
