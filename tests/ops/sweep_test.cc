// The sweep over every registered operator: what each must hold, whatever it computes.

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "engine/allocator.h"
#include "engine/error.h"
#include "engine/parallel.h"
#include "ops/op_check.h"

namespace ctr {
namespace {

class OpSweep : public testing::TestWithParam<std::string> {
 protected:
  const OpInfo& op() const { return find_op(GetParam()); }
};

struct Pass {
  std::vector<Tensor> outputs;
  std::vector<Tensor> gradients;
};

// Forward and backward of a case in one precision; each input is used `uses` times.
Pass run(const OpInfo& op, const OpCase& op_case, DType dtype, int uses = 1) {
  Tape tape;
  std::vector<Var> variables;
  for (const Tensor& input : inputs_of(op, op_case))
    variables.push_back(tape.variable(input.cast(dtype)));
  Pass pass;
  std::vector<Gradient> sums(variables.size());
  std::vector<Var> results;
  for (int use = 0; use < uses; ++use) {
    results = op.call({variables, op_case.constants, op_case.attributes, dtype});
    for (size_t i = 0; i < results.size() && !variables.empty(); ++i) {
      Tensor upstream = random_upstream(results[i].value(), i).cast(dtype);
      Gradients gradients =
          backward(results[i], {.upstream = upstream, .retain = true, .stop_at = {}, .only = {}});
      for (size_t k = 0; k < variables.size(); ++k) sums[k].add(gradients[variables[k]], true);
    }
  }
  for (const Var& result : results) pass.outputs.push_back(result.value());
  for (size_t k = 0; k < variables.size(); ++k) {
    pass.gradients.push_back(sums[k].is_rows() ? to_dense(sums[k].rows()) : sums[k].dense());
  }
  return pass;
}

std::vector<Tensor> all_of(const Pass& pass) {
  std::vector<Tensor> all = pass.outputs;
  all.insert(all.end(), pass.gradients.begin(), pass.gradients.end());
  return all;
}

// An empty batch is either a case or refused; attributes are known ones.
TEST_P(OpSweep, HasCasesAndDevices) {
  EXPECT_FALSE(op().devices.empty());
  EXPECT_FALSE(op().formula.empty());
  bool empty = false, full = false;
  std::vector<OpCase> all = op().cases;
  all.insert(all.end(), op().refused.begin(), op().refused.end());
  for (const OpCase& op_case : all) {
    bool none = false;
    for (const Shape& shape : op_case.inputs) none = none || shape.count() == 0;
    for (const Tensor& constant : op_case.constants) none = none || constant.count() == 0;
    (none ? empty : full) = true;
    for (const auto& [name, value] : op_case.attributes) {
      EXPECT_NE(std::find(op().attributes.begin(), op().attributes.end(), name),
                op().attributes.end())
          << op_case.name << ": " << name;
    }
  }
  EXPECT_FALSE(op().cases.empty());
  EXPECT_TRUE(empty) << "no case has an empty batch";
  EXPECT_TRUE(full);
}

TEST_P(OpSweep, GradientsMatchCentralDifferences) {
  for (const OpCase& op_case : op().cases) {
    bool empty = false;
    for (const Shape& shape : op_case.inputs) empty = empty || shape.count() == 0;
    for (const Tensor& constant : op_case.constants) empty = empty || constant.count() == 0;
    for (const GradientError& error : check_case(op(), op_case)) {
      EXPECT_LE(error.worst, kGradientTolerance) << op_case.name << ": " << error.name;
      if (error.elements > 0 && !empty) {
        EXPECT_GT(error.largest, 0) << op_case.name << ": " << error.name << " is trivially zero";
      }
    }
  }
}

TEST_P(OpSweep, SinglePrecisionFollowsDouble) {
  for (const OpCase& op_case : op().cases) {
    std::vector<Tensor> single = all_of(run(op(), op_case, DType::f32));
    std::vector<Tensor> twice = all_of(run(op(), op_case, DType::f64));
    for (size_t i = 0; i < twice.size(); ++i) {
      double largest = 1e-3;
      for (double value : twice[i].span<double>()) largest = std::max(largest, std::fabs(value));
      for (int64_t k = 0; k < twice[i].count(); ++k) {
        EXPECT_NEAR(single[i].data<float>()[k], twice[i].data<double>()[k], 2e-5 * largest)
            << op_case.name;
      }
    }
  }
}

TEST_P(OpSweep, GradientsOfTwoUsesAddUp) {
  for (const OpCase& op_case : op().cases) {
    Pass once = run(op(), op_case, DType::f64);
    Pass twice = run(op(), op_case, DType::f64, 2);
    for (size_t i = 0; i < once.gradients.size(); ++i) {
      for (int64_t k = 0; k < once.gradients[i].count(); ++k) {
        double one = once.gradients[i].data<double>()[k];
        EXPECT_NEAR(twice.gradients[i].data<double>()[k], 2 * one, 1e-12 * (1 + std::fabs(one)));
      }
    }
  }
}

TEST_P(OpSweep, WritesEveryElementOfItsOutputs) {
  for (const OpCase& op_case : op().cases) {
    std::vector<Tensor> clean = all_of(run(op(), op_case, DType::f32));
    PoisonScope poison;
    std::vector<Tensor> poisoned = all_of(run(op(), op_case, DType::f32));
    for (size_t i = 0; i < clean.size(); ++i) {
      EXPECT_EQ(
          std::memcmp(clean[i].raw(), poisoned[i].raw(), static_cast<size_t>(clean[i].bytes())), 0)
          << op_case.name;
    }
  }
}

TEST_P(OpSweep, IgnoresTheThreadCount) {
  FineGrainScope fine;  // every loop is cut, the small ones too
  for (const OpCase& op_case : op().cases) {
    omp_set_num_threads(1);
    std::vector<Tensor> expected = all_of(run(op(), op_case, DType::f32));
    for (int threads : {2, 3}) {
      omp_set_num_threads(threads);
      std::vector<Tensor> result = all_of(run(op(), op_case, DType::f32));
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(std::memcmp(expected[i].raw(), result[i].raw(),
                              static_cast<size_t>(expected[i].bytes())),
                  0)
            << op_case.name;
      }
    }
    omp_set_num_threads(omp_get_num_procs());
  }
}

TEST_P(OpSweep, RefusesWhatDoesNotFit) {
  for (const OpCase& op_case : op().refused) {
    std::vector<Var> inputs;
    for (const Tensor& input : inputs_of(op(), op_case)) inputs.emplace_back(input);
    try {
      op().call({inputs, op_case.constants, op_case.attributes});
      FAIL() << op_case.name << " was not refused";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(op_case.error), std::string::npos) << error.what();
    }
  }
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const OpInfo& op : op_list()) result.push_back(op.name);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpSweep, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

TEST(OpList, FindsTheNearestName) {
  try {
    find_op("sigmiod");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown operator 'sigmiod'; did you mean 'sigmoid'?");
  }
}

}  // namespace
}  // namespace ctr
