#include "io/prepare/split_assignment.h"

#include <charconv>

#include "engine/check.h"
#include "engine/nearest.h"
#include "engine/rng.h"

namespace ctr {
namespace {

constexpr uint64_t kSplitStream = 0x5711;

}  // namespace

std::vector<InputFile> input_files(const std::vector<std::string>& arguments) {
  static const std::vector<std::string> names(kSplitNames.begin(), kSplitNames.end());
  std::vector<InputFile> files;
  size_t named = 0;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const bool path = equals == std::string::npos || argument.find('/') < equals;
    if (path) {
      files.push_back({argument, std::nullopt});
      continue;
    }
    const std::string name = argument.substr(0, equals);
    size_t split = 0;
    while (split < names.size() && names[split] != name) ++split;
    CTR_CHECK(split < names.size(), "prepare: '{}' begins with no split{}", argument,
              advice_on_name(name, names));
    files.push_back({argument.substr(equals + 1), static_cast<Split>(split)});
    ++named;
  }
  CTR_CHECK(named == 0 || named == files.size(),
            "prepare: name the split of every file (train=FILE valid=FILE test=FILE) or of none");
  return files;
}

Split SplitShares::of(uint64_t row, uint64_t seed) const {
  const double u = RandomStream{seed, kSplitStream, 0}.uniform(row) * (train + valid + test);
  return u < train ? Split::train : u < train + valid ? Split::valid : Split::test;
}

SplitShares split_shares(const std::string& text) {
  double shares[3] = {};
  const char* at = text.data();
  const char* end = at + text.size();
  bool good = true;
  for (int i = 0; i < 3 && good; ++i) {
    auto [next, code] = std::from_chars(at, end, shares[i]);
    good = code == std::errc() && shares[i] >= 0 && shares[i] <= 1e9;
    at = next;
    if (i == 2) good = good && at == end;
    if (i < 2) good = good && at != end && (*at == ',' || *at == ':');
    ++at;
  }
  CTR_CHECK(good && shares[0] > 0,
            "prepare: --split takes the shares of train, valid and test, as 0.8,0.1,0.1; got '{}'",
            text);
  return {shares[0], shares[1], shares[2]};
}

}  // namespace ctr
