#pragma once
// The most memory that the process has held.

namespace ctr {

// Forgets how much it has been so far.
void restart_peak();
// Most resident memory since then, in MB of 2^20 bytes.
double peak_megabytes();

}  // namespace ctr
