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

// The lines of one batch after another.
class Lines {
 public:
  Lines(const PatchSets& sets, int64_t top)
      : sets_(sets), top_(top), names_(sets.tasks().size()), several_(names_.size() > 1) {
    fmt::format_to(std::back_inserter(text_), "{}row,rank,item,score\n", several_ ? "task," : "");
  }

  // `first_row` is the batch's.
  void add(size_t task, const ItemVectors& vectors, int64_t first_row) {
    if (names_[task] == std::nullopt)
      names_[task] = vocabulary_of(sets_.tasks()[task].file, vectors.field);
    const std::optional<Vocabulary>& names = *names_[task];
    const std::string begin = several_ ? csv_cell(sets_.tasks()[task].name) + "," : "";
    const TopItems best = top_items(vectors, top_);
    const int64_t count = best.id.dim(1);
    for (int64_t i = 0; i < best.id.count(); ++i) {
      const int64_t id = best.id.data<int64_t>()[i];
      fmt::format_to(std::back_inserter(text_), "{}{},{},{},{}\n", begin, first_row + i / count,
                     i % count + 1, names ? csv_cell(names->token_of(id)) : std::to_string(id),
                     best.score.data<double>()[i]);
    }
  }

  void write(AtomicFile& out) {
    out.write(text_.data(), text_.size());
    text_.clear();
  }

 private:
  const PatchSets& sets_;
  int64_t top_;
  // Of each task, once it is needed: it may have none.
  std::vector<std::optional<std::optional<Vocabulary>>> names_;
  bool several_;
  fmt::memory_buffer text_;
};

}  // namespace

int64_t write_top_items(PatchSets& sets, const Dataset& data, Split split, int64_t batch_size,
                        int64_t top, const std::string& path) {
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
  Lines lines(sets, top);
  int64_t rows = 0;
  for (Batch batch; loader.next(batch);) {
    for (size_t task = 0; task < sets.tasks().size(); ++task) {
      sets.use(task);
      const ItemVectors vectors = sets.model().item_vectors(batch);
      CTR_CHECK(vectors.user.defined(),
                "predict: {} does not score all items of '{}'; leave --top out",
                sets.first().file.train.model, data.schema.name);
      lines.add(task, vectors, rows);
    }
    rows += batch.rows;
    lines.write(out);
  }
  out.commit();
  return rows;
}

}  // namespace ctr
