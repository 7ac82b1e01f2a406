"""Reads OpenMetrics from standard input with the reference parser, which refuses samples that are interleaved, out
of order or twice at one time, and prints how many there are."""

import json
import sys
from collections import Counter

from prometheus_client.openmetrics.parser import text_fd_to_metric_families

samples: Counter = Counter()
events = 0
for family in text_fd_to_metric_families(sys.stdin):
    assert family.type == "gauge" and family.documentation and family.name.endswith("_" + family.unit), family
    for sample in family.samples:
        assert sample.timestamp is not None and sample.name == family.name, sample
        samples[sample.name, tuple(sorted(sample.labels.items())), float(sample.timestamp)] += 1
        events += int(sample.value) if sample.name == "badgateway_events" else 0
twice = [sample for sample, times in samples.items() if times > 1]
assert not twice, twice
print(json.dumps({"samples": len(samples), "events": events}))
