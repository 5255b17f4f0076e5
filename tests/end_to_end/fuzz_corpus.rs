//! The fuzzers' corpus, replayed: what once was a finding stays fixed.

#[test]
fn every_input_of_the_fuzzers_corpus_is_read_without_a_panic() {
    for target in fuzz::TARGETS {
        let seeds = fuzz::seeds(target.name).unwrap();
        assert!(seeds.len() >= 5, "{} has hardly any corpus", target.name);
        for (name, input) in seeds {
            let result = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(result.is_ok(), "tests/fuzz/corpus/{}/{name} panics", target.name);
        }
    }
}
