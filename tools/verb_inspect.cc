#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "tools/encoding_report.h"
#include "tools/inspect.h"
#include "tools/loaded_run.h"
#include "tools/verbs.h"

namespace ctr {

Verb inspect_verb() {
  struct State {
    InspectOptions options;
    std::string split = "train";
    bool encoding = false, json = false;
    EncodingOptions codes;
  };
  auto state = std::make_shared<State>();
  Verb verb;
  verb.name = "inspect";
  verb.summary = "say what a data set, run, block file or safetensors file is and holds";
  verb.examples = {"ctrengine inspect runs/apg-taobao-1",
                   "ctrengine inspect data/criteo --verify --rows 5",
                   "ctrengine inspect --encoding --ids 100000 --json"};
  verb.arguments = "PATH";
  verb.options.add({"verify", &state->options.verify, "read everything and compare checksums"});
  verb.options.add({"rows", &state->options.rows, "first rows to show", {}, 0, 1e6});
  verb.options.add(
      {"tokens", &state->options.tokens, "first tokens of each vocabulary to show", {}, 0, 1e6});
  verb.options.add({"split", &state->split, "that the rows are of", {"train", "valid", "test"}});
  verb.options.add({"encoding", &state->encoding,
                    "no path: how well one-hot, binary, hash and DHE codes tell ids apart"});
  EncodingOptions& codes = state->codes;
  verb.options.add({"ids", &codes.ids, "encoding: ids from 0 on", {}, 2, 1e8});
  verb.options.add({"hash_rows", &codes.hash_rows, "encoding: rows of a hash", {}, 1, 1e9});
  verb.options.add({"dhe_hashes", &codes.dhe_hashes, "encoding: hashes of DHE", {}, 2, 65536});
  verb.options.add({"dhe_buckets", &codes.dhe_buckets, "encoding: values of each", {}, 2, 4e9});
  verb.options.add({"seed", &codes.seed, "encoding: of the hash functions", {}, 0, 9e15});
  verb.options.add({"json", &state->json, "encoding: print JSON"});
  verb.run = [state](const std::vector<std::string>& arguments) {
    if (state->encoding) {
      CTR_CHECK(arguments.empty(), "inspect: --encoding takes no path, got '{}'", arguments[0]);
      const EncodingReport report = report_encodings(state->codes);
      fmt::print("{}", state->json ? json_of(report) : text_of(report));
      return 0;
    }
    CTR_CHECK(!state->json, "inspect: --json goes with --encoding alone");
    CTR_CHECK(arguments.size() == 1,
              "inspect: name one path, as in `ctrengine inspect runs/apg-taobao-1`");
    state->options.split = split_named(state->split);
    fmt::print("{}", inspect(arguments[0], state->options));
    return 0;
  };
  return verb;
}

}  // namespace ctr
