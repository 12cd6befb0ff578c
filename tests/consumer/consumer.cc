// One step of a linear layer, with nothing but the installed headers.

#include <cstdio>

#include "models/model.h"
#include "ops/linear/linear.h"
#include "ops/loss/loss.h"
#include "ops/optim/optimizer.h"

int main() {
  ctr::ParameterStore store(ctr::DType::f32, 1);
  const ctr::Parameter& weight =
      ctr::Scope(store).parameter("weight", {1, 2}, ctr::Initializer::zeros());
  ctr::Optimizer optimizer({});
  for (int step = 0; step < 3; ++step) {
    ctr::Tape tape;
    ctr::Var x(ctr::Tensor::from<float>({2, 2}, std::vector<float>{1, 0, 0, 1}));
    ctr::Var loss = ctr::bce_with_logits(ctr::linear(x, weight),
                                         ctr::Tensor::from<float>({2}, std::vector<float>{1, 0}));
    optimizer.step(store, ctr::backward(loss));
    std::printf("loss %.6f\n", static_cast<double>(loss.value().data<float>()[0]));
  }
  std::printf("%zu models\n", ctr::model_list().size());
  return weight.value.data<float>()[0] > 0 ? 0 : 1;
}
