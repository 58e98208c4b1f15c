-- wrk: what a run says of itself in the end.
function done(summary, latency, _)
    local e = summary.errors
    io.write(string.format(
        '\nRESULT {"requests": %d, "seconds": %.6f, "p50_us": %.0f, "p99_us": %.0f, "errors": %d, "bytes": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.timeout + e.status, summary.bytes))
end
