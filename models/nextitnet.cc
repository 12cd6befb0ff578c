// NextItNet (Yuan et al., WSDM 2019), the network that PeterRec adapts.
//   h = blocks(E[x_1 … x_T])        z_t = W h_t + c: the scores of what follows place t
// Not causal (GRec's encoder; PeterRec, section 3.2): some items of a row are hidden and told.

#include <algorithm>
#include <cmath>

#include "models/dilated_sequence.h"
#include "models/layers/dilated_net.h"
#include "models/next_item.h"
#include "ops/gather/gather.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class NextItNet : public NextItemModel {
 public:
  NextItNet(const Scope& scope, const ModelContext& context)
      : NextItemModel("nextitnet", scope, context,
                      {item_width(context), true, context.options.nextitnet.relu_head}),
        options_(context.options.nextitnet),
        table_(item_table(scope, sequence(), context, options_.causal ? 0 : 1)),
        net_({scope, scope, scope}, item_width(context), options_) {}

  std::unique_ptr<SequenceStream> stream(int64_t users) const override {
    return std::make_unique<DilatedSequence>(
        net_, table_, users, DilatedSequence::Reading{.relu = options_.relu_head}, scores());
  }

 protected:
  Var encode(const Tensor& ids) const override { return net_(gather(table_, ids)); }
  Var encode_last(const Tensor& ids) const override {
    return tail(net_(gather(table_, ids), 1), 1, 1);
  }

  Places taught(const Tensor& ids) const override {
    return options_.causal ? NextItemModel::taught(ids) : hidden(ids);
  }
  // The place after the row's last item is hidden, and told.
  Tensor asked(const Tensor& ids) const override {
    return options_.causal ? ids : moved_on(ids, mask());
  }

 private:
  int64_t mask() const { return sequence().items(); }
  Places hidden(const Tensor& ids) const;

  NextItNetOptions options_;
  const Parameter& table_;
  DilatedNet net_;
};

// Of L items of a row, max(1, round(share L)) are to be told: 80 % of them are hidden, 10 % stay,
// 10 % are other items (Devlin et al., NAACL 2019). Which ones depends on the seed, the step and
// the place.
Places NextItNet::hidden(const Tensor& ids) const {
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  const RandomStream random{mode().seed, stream_of("next/mask"), mode().step};
  Places result{ids.clone(), Tensor::zeros(ids.shape(), DType::i64)};
  StepVector<std::pair<uint64_t, int64_t>> order;
  for (int64_t b = 0; b < rows; ++b) {
    order.clear();
    for (int64_t i = b * length; i < (b + 1) * length; ++i)
      if (ids.data<int64_t>()[i] != 0)
        order.emplace_back(random.bits(3 * static_cast<uint64_t>(i)), i);
    std::sort(order.begin(), order.end());
    const auto wanted =
        static_cast<int64_t>(std::lround(options_.mask_share * static_cast<double>(order.size())));
    const auto most = std::min<int64_t>(options_.most_masks, std::ssize(order));
    for (int64_t m = 0; m < std::clamp<int64_t>(wanted, std::min<int64_t>(1, most), most); ++m) {
      const int64_t i = order[static_cast<size_t>(m)].second;
      const auto element = 3 * static_cast<uint64_t>(i);
      const double kind = random.uniform(element + 1);
      int64_t& shown = result.ids.data<int64_t>()[i];
      result.target.data<int64_t>()[i] = shown;
      if (kind < 0.8) {
        shown = mask();
      } else if (kind < 0.9) {
        shown =
            1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(mask() - 1), element + 2));
      }
    }
  }
  return result;
}

}  // namespace

ModelInfo model_nextitnet() {
  auto sampled = [](const std::string& sampler) {
    return [sampler](ModelOptions& o) {
      o.next_item.loss = "sampled";
      o.next_item.sampler = sampler;
      o.next_item.samples = 5;
      o.next_item.chunk = 3;
    };
  };
  return {.name = "nextitnet",
          .title = "dilated convolutions over a sequence of items tell what follows",
          .paper = "Yuan et al., WSDM 2019",
          .make =
              [](const Scope& scope, const ModelContext& context) {
                return std::make_unique<NextItNet>(scope, context);
              },
          .preset = [](ModelOptions& o) { o.embedding_deviation = 0.02; },
          .shrink =
              [](ModelOptions& o) {
                o.embedding_dim = 8;
                o.nextitnet.dilations = {1, 2};
              },
          .variants = {{"block a", [](ModelOptions& o) { o.nextitnet.block = std::string("a"); }},
                       {"cloze", [](ModelOptions& o) { o.nextitnet.causal = false; }},
                       {"relu head, two taps, chunks",
                        [](ModelOptions& o) {
                          o.nextitnet.relu_head = true;
                          o.nextitnet.kernel = 2;
                          o.next_item.chunk = 4;
                        }},
                       {"sampled, log-uniform", sampled("log-uniform")},
                       {"sampled, uniform", sampled("uniform")},
                       {"sampled by counts", sampled("counts")},
                       {"sampled in the batch", sampled("in-batch")}},
          .needs_sequences = true,
          .learns_sequences = true};
}

}  // namespace ctr
