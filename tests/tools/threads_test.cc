// Training gives the same weights, to the last bit, for any number of threads: steps of every model
// on products large enough to be cut, and on tables that one and several fields look up.

#include <omp.h>

#include <cstring>

#include <gtest/gtest.h>

#include "models/model.h"
#include "tools/bench/workload.h"

namespace ctr {
namespace {

struct Case {
  std::string model;
  std::string shape;
  std::string embeddings = "plain";
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.model << " " << one.shape << " " << one.embeddings;
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const ModelInfo& info : model_list()) {
    if (info.name == "popularity") continue;  // counts; no step
    if (info.needs_sequences || info.name == "mlp") all.push_back({info.name, "amazon"});
    if (info.needs_sequences) continue;
    all.push_back({info.name, "criteo"});
    // Given vectors, conditions and domains.
    if (info.name == "star" || info.name == "mlp" || info.name == "deepfm" || info.name == "apg" ||
        info.name == "mlora")
      all.push_back({info.name, "taobao-10"});
  }
  for (const char* embeddings : {"hash", "quotient-remainder", "dhe"})
    all.push_back({"mlp", "criteo", embeddings});
  return all;
}

class Threads : public testing::TestWithParam<Case> {
 protected:
  void TearDown() override { omp_set_num_threads(omp_get_num_procs()); }

  // All weights after four steps.
  std::vector<Tensor> weights(int threads) {
    omp_set_num_threads(threads);
    WorkloadOptions options;
    options.sizes = "peer";
    options.model = GetParam().model;
    options.shape = GetParam().shape;
    options.batch_size = 1000;  // no multiple of a block
    options.fields = 11;
    options.vocabulary = 30'000;
    options.model_options = {{"hidden_units", "200,72", "test"},
                             {"embeddings", GetParam().embeddings, "test"},
                             {"dhe_hashes", "40", "test"},
                             {"dhe_decoder_units", "72,40", "test"}};
    if (options.shape == "criteo") options.model_options.push_back({"rank_k", "16", "test"});
    Workload workload(options);
    for (int step = 0; step < 4; ++step) workload.step();
    std::vector<Tensor> all;
    for (const auto& parameter : workload.store().all()) all.push_back(parameter->value.clone());
    return all;
  }
};

TEST_P(Threads, GiveTheSameBits) {
  const std::vector<Tensor> one = weights(1);
  for (int threads : {2, 3}) {
    const std::vector<Tensor> other = weights(threads);
    ASSERT_EQ(other.size(), one.size());
    for (size_t i = 0; i < one.size(); ++i)
      EXPECT_EQ(std::memcmp(one[i].raw(), other[i].raw(), static_cast<size_t>(one[i].bytes())), 0)
          << "parameter " << i << ", " << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Threads, testing::ValuesIn(all_cases()), [](const auto& info) {
  std::string name = info.param.model + "_" + info.param.shape + "_" + info.param.embeddings;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace ctr
