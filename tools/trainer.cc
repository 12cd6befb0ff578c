#include "tools/trainer.h"

#include "engine/check.h"
#include "tools/session.h"

namespace ctr {
namespace {

// A model that learns from labels needs rows of both kinds.
void check_labels(const Dataset& data) {
  if (data.schema.labels.size() > 1) return;
  bool clicked = false, passed = false;
  const BlockFile& blocks = data.blocks(Split::train);
  for (int64_t b = 0; b < blocks.blocks() && !(clicked && passed); ++b) {
    for (const float label : blocks.block(b).labels(0)) (label > 0.5f ? clicked : passed) = true;
  }
  CTR_CHECK_DATA(clicked && passed,
                 "train: all training rows of '{}' have the label {}, and the model tells clicks "
                 "from others; prepare the data with --negatives, or take a model of sequences "
                 "(nextitnet; peterrec with --peter-loss softmax or --peter-negatives uniform)",
                 data.schema.name, clicked ? 1 : 0);
}

}  // namespace

void check_training(const BuiltModel& built, const Dataset& data, const TrainOptions& options) {
  const Schema& schema = data.schema;
  CTR_CHECK_DATA(data.rows(Split::train) > 0, "train: data set '{}' has no training rows",
                 schema.name);
  CTR_CHECK(options.monitor != "gauc" || schema.index_of(FieldRole::group) >= 0 ||
                schema.index_of(FieldRole::user) >= 0,
            "train: --monitor gauc needs a field with the role user or group; '{}' has none",
            schema.name);
  if (built.model().needs_both_labels()) check_labels(data);
  check_strategy(options, schema, built.model());
}

TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events, const TrainSnapshot* from) {
  check_training(built, data, options);
  return Session(built, data, options, events, from).run();
}

}  // namespace ctr
