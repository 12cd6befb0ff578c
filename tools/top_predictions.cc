#include "tools/top_predictions.h"

#include <filesystem>
#include <iterator>
#include <optional>

#include "engine/allocator.h"
#include "engine/check.h"
#include "io/batch_loader.h"
#include "io/file.h"
#include "io/vocabulary.h"

namespace ctr {
namespace {

// A cell as RFC 4180 has it.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) cell.append(c == '"' ? 2 : 1, c);
  return cell + "\"";
}

std::optional<Vocabulary> vocabulary_of(const ModelFile& file, int64_t field) {
  const Field& items = file.schema.fields[static_cast<size_t>(field)];
  const std::string path = file.vocabulary_path(items);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return Vocabulary::load(path, items.first_token());
}

}  // namespace

int64_t write_top_items(BuiltModel& built, const ModelFile& file, const Dataset& data, Split split,
                        int64_t batch_size, int64_t top, const std::string& path) {
  CTR_CHECK_DATA(data.rows(split) > 0,
                 "predict: split {} of {} has no rows; choose another --split",
                 kSplitNames[static_cast<size_t>(split)], data.path);
  const NoGradient off;
  LoaderOptions options;
  options.batch_size = batch_size;
  BatchLoader loader(data, split, options);
  const auto arena = std::make_shared<Arena>();
  const AllocatorScope scope(arena);
  AtomicFile out(path);
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "row,rank,item,score\n");
  std::optional<Vocabulary> names;
  int64_t rows = 0;
  for (Batch batch; loader.next(batch);) {
    const ItemVectors vectors = built.model().item_vectors(batch);
    CTR_CHECK(vectors.user.defined(),
              "predict: {} does not score all items of '{}'; leave --top out", file.train.model,
              data.schema.name);
    if (rows == 0) names = vocabulary_of(file, vectors.field);
    const TopItems best = top_items(vectors, top);
    const int64_t count = best.id.dim(1);
    for (int64_t i = 0; i < best.id.count(); ++i) {
      const int64_t id = best.id.data<int64_t>()[i];
      fmt::format_to(std::back_inserter(text), "{},{},{},{}\n", rows + i / count, i % count + 1,
                     names ? csv_cell(names->token_of(id)) : std::to_string(id),
                     best.score.data<double>()[i]);
    }
    rows += batch.rows;
    out.write(text.data(), text.size());
    text.clear();
  }
  out.commit();
  return rows;
}

}  // namespace ctr
