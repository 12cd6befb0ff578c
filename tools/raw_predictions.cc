#include "tools/raw_predictions.h"

#include <filesystem>

#include "engine/check.h"
#include "io/file.h"
#include "io/prepare/delimited.h"
#include "io/prepare/encoder.h"
#include "tools/model_file.h"
#include "tools/predictions.h"

namespace ctr {
namespace {

// Embedded data sets hold ids that no text was encoded to.
void check_vocabularies(const ModelFile& model) {
  for (const Field& field : model.schema.fields) {
    CTR_CHECK_DATA(
        !needs_vocabulary(field) || std::filesystem::exists(model.vocabulary_path(field)),
        "predict: {}: field '{}' has no vocabulary, as its ids were not prepared from text; score "
        "a prepared data set with --data",
        model.path, field.name);
  }
}

void encode(const ModelFile& model, RowSource& source, const std::string& folder) {
  const Schema& schema = model.schema;
  Encoder encoder(schema, load_vocabularies(schema, model.path));
  ChunkParser parser(schema, source, false);
  BadLines bad(BadLinePolicy::error, "");
  DatasetWriter writer(folder);
  writer.begin_rows(schema);
  std::array<Columns, 3> rows = {Columns::empty(schema), Columns::empty(schema),
                                 Columns::empty(schema)};
  for (RawChunk chunk; source.next(chunk, bad);) {
    parser.parse(chunk, bad);
    encoder.encode(chunk, parser, false, rows);
    Columns& all = rows[static_cast<size_t>(Split::test)];
    writer.add(Split::test, all);
    all.clear();
  }
  writer.commit("raw rows", "", {}, model.vectors);
}

}  // namespace

int64_t write_raw_predictions(const std::string& run, const std::string& text, char delimiter,
                              int64_t batch_size, const std::string& out) {
  const ModelFile model = read_model_file(run);
  check_vocabularies(model);
  DelimitedOptions options;
  options.delimiter = delimiter;
  DelimitedSource source({{text, Split::test}}, options);
  const AtomicDirectory scratch(out + ".rows");  // never committed
  encode(model, source, scratch.path() + "/rows");
  const Dataset data = read_dataset(scratch.path() + "/rows");
  CTR_CHECK_DATA(data.rows(Split::test) > 0, "predict: {} holds no rows", text);
  return write_predictions(*model.build(), data, Split::test, batch_size, out, false);
}

}  // namespace ctr
