#include "models/options/pooling_options.h"

#include "models/layers/attention_pooling.h"

namespace ctr {

void PoolingOptions::add_to(OptionList& list) {
  list.add(
      {"pooling", &kind, "pooledcgc: how a sequence becomes a vector", attention_pooling_kinds()});
  list.add({"pooling_field", &field, "pooledcgc: the sequence; empty: the data's first"});
}

}  // namespace ctr
