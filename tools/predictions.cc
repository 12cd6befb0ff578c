#include "tools/predictions.h"

#include <iterator>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {
namespace {

// Names of tasks and labels follow where there are several.
void write_header(const Schema& schema, std::span<const Prediction> tasks, size_t labels,
                  fmt::memory_buffer& text) {
  auto put = [&](const char* what, const std::string& name) {
    fmt::format_to(std::back_inserter(text), ",{}{}{}", what, tasks.size() == 1 ? "" : "_",
                   tasks.size() == 1 ? "" : name);
  };
  fmt::format_to(std::back_inserter(text), "row");
  for (const Prediction& task : tasks) put("probability", task.name);
  for (size_t l = 0; l < labels; ++l) put("label", schema.labels[l]);
  text.push_back('\n');
}

}  // namespace

int64_t write_predictions(BuiltModel& built, const Dataset& data, Split split, int64_t batch_size,
                          const std::string& path, bool labels) {
  CTR_CHECK_DATA(data.rows(split) > 0,
                 "predict: split {} of {} has no rows; choose another --split",
                 kSplitNames[static_cast<size_t>(split)], data.path);
  AtomicFile file(path);
  int64_t rows = 0;
  fmt::memory_buffer text;
  score_batches(
      built, data, split, batch_size, [&](const Batch& batch, std::span<const Prediction> tasks) {
        text.clear();
        const size_t shown = !labels ? 0 : tasks.size() == 1 ? 1 : batch.labels.size();
        if (rows == 0) write_header(data.schema, tasks, shown, text);
        for (int64_t i = 0; i < batch.rows; ++i) {
          fmt::format_to(std::back_inserter(text), "{}", rows++);
          for (const Prediction& task : tasks)
            fmt::format_to(std::back_inserter(text), ",{}", task.probability.data<double>()[i]);
          for (size_t l = 0; l < shown; ++l)
            fmt::format_to(std::back_inserter(text), ",{}", batch.labels[l].data<float>()[i]);
          text.push_back('\n');
        }
        file.write(text.data(), text.size());
      });
  file.commit();
  return rows;
}

}  // namespace ctr
