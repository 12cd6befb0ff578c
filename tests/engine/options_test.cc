#include "engine/options.h"

#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

struct Settings {
  int64_t rank = 8;
  double rate = 0.1;
  bool bias = false;
  std::string mode = "mean";
  IntList layers = {2, 1};
  OptionList list() {
    OptionList result;
    result.add({"rank_k", &rank, "rank", {}, 1, 64});
    result.add({"rate", &rate, "rate", {}, 0, 1});
    result.add({"bias", &bias, "bias"});
    result.add({"mode", &mode, "mode", {"mean", "sum"}});
    result.add({"layers", &layers, "layers", {}, 1});
    return result;
  }
};

TEST(Options, AreSetFromText) {
  Settings s;
  OptionList list = s.list();
  list.set("rank_k", "16", "test");
  list.set("rate", "0.5", "test");
  list.set("bias", "true", "test");
  list.set("layers", "[256, 128]", "test");
  EXPECT_EQ(s.rank, 16);
  EXPECT_EQ(s.rate, 0.5);
  EXPECT_TRUE(s.bias);
  EXPECT_EQ(s.layers, (IntList{256, 128}));
  EXPECT_EQ(OptionList::text_of(*list.find("layers")), "256,128");
}

TEST(Options, ARepeatedOneGrowsByTheWholeText) {
  NameList grids, names;
  OptionList list;
  Option option{"grid", &grids, "grid"};
  option.repeats = true;
  list.add(option);
  list.add({"names", &names, "names"});
  for (const char* text : {"rate=1,2", "width=3"}) {
    list.set("grid", text, "test");
    list.set("names", text, "test");
  }
  EXPECT_EQ(grids, (NameList{"rate=1,2", "width=3"}));
  EXPECT_EQ(names, NameList{"width=3"});
}

TEST(Options, RefuseWhatTheyDoNotKnow) {
  Settings s;
  OptionList list = s.list();
  EXPECT_EQ(message_of([&] { list.set("rnak_k", "1", "train"); }),
            "train: unknown option 'rnak_k'; did you mean 'rank_k'?");
  EXPECT_EQ(message_of([&] { list.set("rank_k", "1x", "train"); }),
            "train: rank_k takes a whole number, got '1x'");
  EXPECT_EQ(message_of([&] { list.set("rank_k", "65", "train"); }),
            "train: rank_k must be between 1 and 64, got 65");
  EXPECT_EQ(message_of([&] { list.set("mode", "meen", "train"); }),
            "train: mode cannot be 'meen'; did you mean 'mean'?");
  EXPECT_EQ(message_of([&] { list.set("rate", "nan", "train"); }),
            "train: rate must be between 0 and 1, got nan");
}

TEST(Nearest, PrefersFewestEdits) {
  std::vector<std::string> names{"deepfm", "mlp", "apg"};
  EXPECT_EQ(nearest_name("depfm", names), "deepfm");
  EXPECT_EQ(nearest_name("APG", names), "apg");
  EXPECT_EQ(nearest_name("transformer", names), "");
}

}  // namespace
}  // namespace ctr
