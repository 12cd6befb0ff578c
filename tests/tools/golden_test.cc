// Golden vectors through the same code as the verb `verify`, and what it must refuse.

#include "tools/golden/golden.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"

namespace ctr {
namespace {

const std::string kFolder = std::string(CTR_SOURCE_DIR) + "/tests/golden/";

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AgreesInBothPrecisions) {
  const std::string path = kFolder + GetParam() + ".safetensors";
  Comparison twice = verify_file(path, DType::f64);
  EXPECT_LT(twice.worst(), kGoldenF64) << twice.where();
  Comparison single = verify_file(path, DType::f32);
  EXPECT_LT(single.worst(), kGoldenF32) << single.where();
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const char* folder : {"fuxictr", "multi", "ops"}) {
    for (const auto& entry : std::filesystem::directory_iterator(kFolder + folder)) {
      names.push_back(std::string(folder) + "/" + entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(files()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = c == '/' ? '_' : c;
  return name;
});

class Changed : public testing::Test {
 protected:
  // A copy of a file with something changed.
  std::string write(const std::string& from, const std::function<void(TensorFile&)>& change) {
    TensorFile file = read_safetensors(kFolder + from + ".safetensors");
    change(file);
    std::string path = testing::TempDir() + "/changed-" + std::to_string(getpid()) + ".safetensors";
    write_safetensors(path, file.tensors, file.metadata);
    return path;
  }
  std::string message(const std::string& path) {
    try {
      verify_file(path, DType::f64);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(Changed, AWrongNumberIsSeen) {
  std::string path = write("multi/APG_mix_mean", [](TensorFile& file) {
    file.tensors["grad/mlp/0/u"].data<double>()[3] += 1e-6;
  });
  EXPECT_GT(verify_file(path, DType::f64).worst(), kGoldenF64);
}
TEST_F(Changed, UnknownTensorsAreRefused) {
  std::string path = write("ops/op_relu", [](TensorFile& file) {
    file.tensors["extra"] = Tensor::full({1}, DType::f64, 0);
  });
  EXPECT_NE(message(path).find("tensor 'extra' is not understood"), std::string::npos);
}
TEST_F(Changed, UnknownOptionsAreRefused) {
  std::string path = write("fuxictr/DNN", [](TensorFile& file) {
    file.metadata["options"] = R"({"hidden_units": [9, 6], "batch_nrm": true})";
  });
  EXPECT_EQ(message(path), "golden: DNN's option 'batch_nrm' = true is not known");
  path =
      write("fuxictr/LR", [](TensorFile& file) { file.metadata["options"] = R"({"rank_k": 3})"; });
  EXPECT_EQ(message(path), "golden: LR's option 'rank_k' = 3 is not known");
  path = write("multi/APG_mix_mean",
               [](TensorFile& file) { file.metadata["options"] = R"({"rnk_k": 3})"; });
  EXPECT_NE(message(path).find("unknown option 'rnk_k'; did you mean 'rank_k'?"),
            std::string::npos);
}
TEST_F(Changed, AWrongCodeIsSeen) {
  std::string path = write("multi/DHE_gaussian", [](TensorFile& file) {
    file.tensors["encoding"].data<double>()[5] += 1e-6;
  });
  const Comparison comparison = verify_file(path, DType::f64);
  EXPECT_GT(comparison.worst(), kGoldenF64);
  EXPECT_EQ(comparison.where(), "encoding");
}
TEST_F(Changed, OtherEmbeddingsAreUnderstood) {
  auto worst = [&](const std::string& from, const std::string& embedding,
                   const std::function<void(TensorFile&)>& change = {}) {
    return verify_file(write(from,
                             [&](TensorFile& file) {
                               file.metadata["options"] = R"({"embedding": {"item": )" + embedding +
                                                          R"(}, "embedding_dim": 4, )" +
                                                          R"("hidden_units": [6]})";
                               if (change) change(file);
                             }),
                       DType::f64)
        .worst();
  };
  const std::string dhe = R"({"type": "dhe", "hashes": 8, "buckets": )";
  EXPECT_LT(worst("multi/DHE_uniform", dhe + R"(1000000, "decoder_units": [7, 6]})"), kGoldenF64);
  EXPECT_GT(worst("multi/DHE_uniform", dhe + R"(1000, "decoder_units": [7, 6]})"), 1e-3);
  EXPECT_GT(worst("multi/DHE_uniform",
                  dhe + R"(1000000, "decoder_units": [7, 6], "activation": "relu"})"),
            1e-3);
  // Half tables side by side: other numbers, but a model that the file fits.
  EXPECT_GT(
      worst("multi/QR_add",
            R"({"type": "quotient_remainder", "rows": 10, "divisor": 3, "op": "concat"})",
            [](TensorFile& file) {
              for (const char* part : {"param/qr/", "grad/qr/"}) {
                for (const auto& [name, rows] : {std::pair{"quotient", 4}, {"remainder", 3}})
                  file.tensors[std::string(part) + name] = Tensor::full({rows, 2}, DType::f64, .1);
              }
            }),
      1e-3);
  EXPECT_EQ(message(write("multi/QR_add",
                          [](TensorFile& file) {
                            file.metadata["options"] =
                                R"({"embedding": {"item": {"type": "dhe", "hashs": 3}}})";
                          })),
            "golden: embedding setting 'hashs' = 3 is not known");
  EXPECT_EQ(message(write("multi/QR_add",
                          [](TensorFile& file) {
                            file.metadata["options"] = R"({"embedding": {"item": {"type": "x"}}})";
                          })),
            R"(golden: embedding {"type":"x"} is not known)");
}
TEST_F(Changed, OtherSettingsOfStarAreUnderstood) {
  auto changed = [&](const std::string& from, const std::string& settings) {
    return write(from, [&](TensorFile& file) {
      file.metadata["options"] =
          R"({"embedding_dim": 4, "hidden_units": [9, 6], )" + settings + "}";
    });
  };
  const std::string ones = "multi/STAR_ones";
  const std::string same = changed(ones, R"("partitioned_norm": {"eps": 0.001}, "domains": 4)");
  EXPECT_LT(verify_file(same, DType::f64).worst(), kGoldenF64);
  const std::string other = changed(ones, R"("partitioned_norm": {"eps": 0.1})");
  EXPECT_GT(verify_file(other, DType::f64).worst(), 1e-3);
  EXPECT_EQ(message(changed(ones, R"("partitioned_norm": null)")),
            "golden: star has no parameter 'pn/beta' (pn/beta)");
  EXPECT_EQ(message(changed(ones, R"("auxiliary_hidden_units": [5])")),
            "golden: the file has no 'embedding/domain'");
  EXPECT_EQ(message(changed(ones, R"("partitioned_norm": {"epsilon": 0.1})")),
            "golden: setting 'epsilon' = 0.1 of the partitioned norm is not known");
  EXPECT_EQ(message(changed(ones, R"("domains": 5)")),
            "golden: 5 domains, but the field has 4 ids");
}
TEST_F(Changed, OtherActivationsAreUnderstood) {
  std::string path = write("fuxictr/DNN", [](TensorFile& file) {
    file.metadata["options"] =
        R"({"hidden_units": [9, 6], "hidden_activations": "Tanh", "net_dropout": 0})";
  });
  EXPECT_GT(verify_file(path, DType::f64).worst(), 1e-3);  // read, and another function
}
TEST_F(Changed, UnknownAttributesAreRefused) {
  std::string path = write("ops/op_embedding",
                           [](TensorFile& file) { file.metadata["attr"] = R"({"paddin": 0})"; });
  EXPECT_EQ(message(path), "golden: gather has no attribute 'paddin'; did you mean 'padding'?");
}
// With a padding row the numbers of the file do not hold for it, and for it alone.
TEST_F(Changed, AttributesReachTheOperator) {
  auto worst = [&](const std::string& attributes) {
    return verify_file(write("ops/op_embedding",
                             [&](TensorFile& file) { file.metadata["attr"] = attributes; }),
                       DType::f64)
        .worst();
  };
  EXPECT_GT(worst(R"({"padding_idx": 0})"), 0.1);
  EXPECT_LT(worst(R"({"padding_idx": -1})"), kGoldenF64);
}
TEST_F(Changed, MissingParametersAreRefused) {
  std::string path =
      write("fuxictr/LR", [](TensorFile& file) { file.tensors.erase("param/lr_layer.bias"); });
  EXPECT_EQ(message(path), "golden: the file has no 'linear/bias'");
}

}  // namespace
}  // namespace ctr
