#include "models/options/nfm_options.h"

namespace ctr {

void NfmOptions::add_to(OptionList& list) {
  list.add({"bi_batch_norm", &bi_batch_norm, "NFM: batch norm after the bi-interaction pooling"});
  list.add({"bi_dropout",
            &bi_dropout,
            "NFM: share of the pooled interactions dropped in training",
            {},
            0,
            0.99});
}

}  // namespace ctr
