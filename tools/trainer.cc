#include "tools/trainer.h"

#include "engine/check.h"
#include "tools/session.h"

namespace ctr {

void check_training(const BuiltModel& built, const Dataset& data, const TrainOptions& options) {
  const Schema& schema = data.schema;
  CTR_CHECK_DATA(data.rows(Split::train) > 0, "train: data set '{}' has no training rows",
                 schema.name);
  CTR_CHECK(options.monitor != "gauc" || schema.index_of(FieldRole::group) >= 0 ||
                schema.index_of(FieldRole::user) >= 0,
            "train: --monitor gauc needs a field with the role user or group; '{}' has none",
            schema.name);
  check_strategy(options, schema, built.model());
}

TrainReport train(BuiltModel& built, const Dataset& data, const TrainOptions& options,
                  const TrainEvents& events, const TrainSnapshot* from) {
  check_training(built, data, options);
  return Session(built, data, options, events, from).run();
}

}  // namespace ctr
