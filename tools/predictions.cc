#include "tools/predictions.h"

#include <iterator>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {

int64_t write_predictions(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                          const std::string& path, bool labels) {
  CTR_CHECK_DATA(data.rows(split) > 0,
                 "predict: split {} of {} has no rows; choose another --split",
                 kSplitNames[static_cast<size_t>(split)], data.path);
  AtomicFile file(path);
  file.write(labels ? "row,probability,label\n" : "row,probability\n");
  int64_t rows = 0;
  fmt::memory_buffer text;
  score_batches(built, data, split, batch_size,
                [&](const Batch& batch, std::span<const double> probability) {
                  const std::span<const float> label = batch.label.span<float>();
                  text.clear();
                  for (size_t i = 0; i < probability.size(); ++i) {
                    fmt::format_to(std::back_inserter(text), "{},{}", rows++, probability[i]);
                    if (labels) fmt::format_to(std::back_inserter(text), ",{}", label[i]);
                    text.push_back('\n');
                  }
                  file.write(text.data(), text.size());
                });
  file.commit();
  return rows;
}

}  // namespace ctr
