/// Has `each` work on what `read` gives, one after the other, until it gives nothing. While one is worked on, the next one
/// is read.
pub(crate) fn ahead<T: Send, E: Send>(
    mut read: impl FnMut() -> Result<Option<T>, E> + Send,
    mut each: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let mut next = read()?;
    while let Some(one) = next {
        let (done, read) = rayon::join(|| each(one), &mut read);
        done?;
        next = read?;
    }
    Ok(())
}

/// The next of these, so many at most; nothing, if there are no more.
pub(crate) fn some<T, E>(
    rows: &mut impl Iterator<Item = Result<T, E>>,
    most: usize,
) -> Result<Option<Vec<T>>, E> {
    let some: Vec<T> = rows.take(most).collect::<Result<_, _>>()?;
    Ok((!some.is_empty()).then_some(some))
}
