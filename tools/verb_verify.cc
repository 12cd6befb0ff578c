#include <filesystem>

#include <fmt/format.h>

#include "engine/check.h"
#include "tools/golden/golden.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

// One precision of one file; the reason when it fails.
bool verify(const std::string& path, DType dtype, std::string& cell, std::string& reason) {
  const double limit = dtype == DType::f64 ? kGoldenF64 : kGoldenF32;
  try {
    Comparison comparison = verify_file(path, dtype);
    cell = fmt::format("{:.1e}", comparison.worst());
    if (comparison.worst() < limit) return true;
    reason = fmt::format("{} of {} is above {:.0e}", comparison.where(), name_of(dtype), limit);
  } catch (const std::exception& error) {
    cell = "-";
    reason = error.what();
  }
  return false;
}

int run(const std::vector<std::string>& files) {
  CTR_CHECK(!files.empty(),
            "verify: name at least one file, as in `ctrengine verify "
            "tests/golden/ops/op_linear.safetensors`");
  int passed = 0, failed = 0;
  fmt::print("{:<52} {:>9} {:>9}\n", "file", "f64", "f32");
  for (const std::string& file : files) {
    std::string f64, f32, reason;
    bool good = verify(file, DType::f64, f64, reason);
    good = verify(file, DType::f32, f32, reason) && good;
    (good ? passed : failed) += 1;
    std::string name = std::filesystem::path(file).stem().string();
    fmt::print("{:<52} {:>9} {:>9}  {}\n", name, f64, f32, good ? "ok" : "FAILED: " + reason);
  }
  fmt::print("\n{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

Verb verify_verb() {
  Verb verb;
  verb.name = "verify";
  verb.summary = "compare the engine with golden vectors of independent implementations";
  verb.examples = {"ctrengine verify tests/golden/multi/APG_mix_attention.safetensors",
                   "ctrengine verify tests/golden/*/*.safetensors"};
  verb.arguments = "FILE";
  verb.run = run;
  return verb;
}

}  // namespace ctr
