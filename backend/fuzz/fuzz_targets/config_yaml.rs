//! Configuration: any bytes are read or refused with a place, and what is shown of them can be read again.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = Path::new("fuzz.yml");
    let Ok(document) = config::Document::parse(path, text) else { return };
    let shown = config::redacted_yaml(document.root());
    config::Document::parse(path, &shown).expect("what is shown is YAML");
    if let Ok(main) = config::MainFile::load(document, &|_| None)
        && main.scrape_config_files.is_empty()
        && let Ok(jobs) = scrape::load(&main)
    {
        for job in &jobs.jobs {
            assert!(job.scrape_interval.as_ms() > 0 && job.scrape_timeout <= job.scrape_interval);
        }
    }
});
