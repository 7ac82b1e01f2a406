//! Decimal numbers as bytes.

pub(super) fn push_number(buffer: &mut Vec<u8>, number: u64) {
    let width = if number == 0 {
        1
    } else {
        number.ilog10() as usize + 1
    };
    push_digits(buffer, number, width);
}

/// The last `width` digits of `number`.
pub(super) fn push_digits(buffer: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [0; 20];
    for digit in digits[..width].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    buffer.extend_from_slice(&digits[..width]);
}
