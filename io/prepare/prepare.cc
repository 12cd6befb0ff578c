#include "io/prepare/prepare.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <future>
#include <utility>

#include "engine/check.h"
#include "engine/nearest.h"
#include "engine/parallel.h"
#include "io/dataset.h"
#include "io/prepare/align_vectors.h"
#include "io/prepare/encoder.h"
#include "io/prepare/label_counts.h"

namespace ctr {
namespace {

using Progress = std::function<void(const PrepareProgress&)>;

// Chunks of a source, the next one read while the present one is worked on. Lines that are no row
// are reported before the rows of their chunk.
class ReadAhead {
 public:
  ReadAhead(RowSource& source, BadLines& bad)
      : source_(source), bad_(bad), ahead_bad_(bad.fresh()) {
    source.rewind();
    start();
  }
  ~ReadAhead() {
    if (next_.valid()) next_.wait();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Null at the end.
  const RawChunk* next() {
    const bool any = next_.get();
    bytes_ = source_.bytes_read();
    bad_.absorb(ahead_bad_);
    if (!any) return nullptr;
    const RawChunk* present = &chunks_[ahead_];
    ahead_ = 1 - ahead_;
    ahead_bad_ = bad_.fresh();
    start();
    return present;
  }
  int64_t bytes_read() const { return bytes_; }

 private:
  void start() {
    next_ = std::async(std::launch::async,
                       [this] { return source_.next(chunks_[ahead_], ahead_bad_); });
  }

  RowSource& source_;
  BadLines& bad_;
  RawChunk chunks_[2];  // used in turn, never moved: cells point into their text
  size_t ahead_ = 0;
  BadLines ahead_bad_;
  int64_t bytes_ = 0;
  std::future<bool> next_;
};

// Calls f(i) for i in [0, n) on all threads; the first of its errors is thrown afterwards.
template <class F>
void for_each_index(size_t n, const F& f) {
  std::vector<std::exception_ptr> errors(n);
  parallel_for(static_cast<int64_t>(n), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      try {
        f(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

// Sums over the numbers of the training split.
struct Moments {
  double count = 0, mean = 0, squares = 0;  // Welford: squares of deviations
  double least = INFINITY, most = -INFINITY;

  void add(double x) {
    count += 1;
    const double delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
    least = std::min(least, x);
    most = std::max(most, x);
  }
};

// The first pass: vocabularies and moments of the training split (of all splits: domains, and
// fields that no model reads).
class Census {
 public:
  explicit Census(const PreparePlan& plan)
      : schema_(plan.schema), moments_(schema_.fields.size()), given_(plan.vocabularies) {
    const Schema& schema = schema_;
    for (const Field& field : schema.fields)
      vocabularies_.push_back(
          !field.shares.empty() ? vocabularies_[static_cast<size_t>(schema.index_of(field.shares))]
          : needs_vocabulary(field) && !given_.contains(field.name) ? std::make_shared<Vocabulary>()
                                                                    : nullptr);
    const int64_t domain = schema.index_of(FieldRole::domain);
    if (domain < 0 || !vocabularies_[static_cast<size_t>(domain)]) return;
    const std::vector<std::string_view> names(schema.domain_names.begin(),
                                              schema.domain_names.end());
    vocabularies_[static_cast<size_t>(domain)]->declare(names);
  }

  void add(const RawChunk& chunk, const ChunkParser& parser) {
    for (size_t row = 0; row < static_cast<size_t>(chunk.rows); ++row)
      train_rows_ += parser.good()[row] != 0 && chunk.split[row] == Split::train ? 1 : 0;
    // A shared vocabulary takes its fields' tokens in the order of the fields.
    for_each_index(schema_.fields.size(), [&](size_t f) {
      if (!schema_.fields[f].shares.empty()) return;
      add_field(f, chunk, parser);
      for (size_t g = f + 1; g < schema_.fields.size(); ++g) {
        if (schema_.fields[g].shares == schema_.fields[f].name) add_field(g, chunk, parser);
      }
    });
  }
  int64_t train_rows() const { return train_rows_; }

  // Gives the schema its sizes and numbers; returns the finished vocabularies.
  Vocabularies finish(Schema& schema) {
    for_each_index(schema.fields.size(), [&](size_t f) {
      if (schema_.fields[f].shares.empty()) finish_field(schema, f);
    });
    for (Field& field : schema.fields) {
      if (!field.shares.empty())
        field.vocabulary =
            schema.fields[static_cast<size_t>(schema.index_of(field.shares))].vocabulary;
    }
    for (const Field& field : schema.fields) {
      CTR_CHECK_DATA(field.type == FieldType::numeric || field.vocabulary > 0,
                     "prepare: field '{}' has no value in the training split", field.name);
    }
    Vocabularies all(vocabularies_.begin(), vocabularies_.end());
    for (size_t f = 0; f < all.size(); ++f) {
      const Field& field = schema.fields[f];
      const auto given = given_.find(field.shares.empty() ? field.name : field.shares);
      if (given != given_.end()) all[f] = given->second;
    }
    return all;
  }

 private:
  void add_field(size_t index, const RawChunk& chunk, const ChunkParser& parser) {
    const Field& field = schema_.fields[index];
    const ParsedColumn& parsed = parser.field(index);
    const bool all_splits = field.role == FieldRole::domain || !field.input;
    std::vector<std::string_view> tokens;
    for (size_t row = 0; row < static_cast<size_t>(chunk.rows); ++row) {
      if (parser.good()[row] == 0) continue;
      if (chunk.split[row] != Split::train && !all_splits) continue;
      if (field.type == FieldType::numeric) {
        if (!std::isnan(parsed.numbers[row])) moments_[index].add(parsed.numbers[row]);
      } else if (field.is_list()) {
        tokens.insert(tokens.end(), parsed.tokens.begin() + parsed.offsets[row],
                      parsed.tokens.begin() + parsed.offsets[row + 1]);
      } else if (field.encoding.missing_is_token || !parsed.tokens[row].empty()) {
        tokens.push_back(parsed.tokens[row]);
      }
    }
    if (vocabularies_[index]) vocabularies_[index]->add(tokens);
  }

  void finish_field(Schema& schema, size_t index) {
    Field& field = schema.fields[index];
    if (field.type == FieldType::numeric) return finish_numbers(field.encoding, moments_[index]);
    if (field.encoding.ids == IdRule::hash)
      field.vocabulary = field.first_token() + field.encoding.buckets;
    if (const auto given = given_.find(field.name); given != given_.end())
      field.vocabulary = given->second->size();
    if (!vocabularies_[index]) return;
    const bool domain = field.role == FieldRole::domain;
    vocabularies_[index]->finish(
        field.first_token(), domain ? 1 : field.encoding.min_count,
        domain ? Vocabulary::Order::by_appearance : Vocabulary::Order::by_count);
    field.vocabulary = vocabularies_[index]->size();
  }

  static void finish_numbers(Encoding& encoding, const Moments& m) {
    if (m.count == 0) return;
    if (encoding.numbers == NumberRule::standard) {
      const double deviation = std::sqrt(m.squares / m.count);
      encoding.offset = m.mean;
      encoding.scale = deviation > 0 ? 1 / deviation : 1;
    } else if (encoding.numbers == NumberRule::minmax) {
      encoding.offset = m.least;
      encoding.scale = m.most > m.least ? 1 / (m.most - m.least) : 1;
    }
  }

  const Schema& schema_;
  std::vector<std::shared_ptr<Vocabulary>> vocabularies_;
  std::vector<Moments> moments_;
  const std::map<std::string, std::shared_ptr<const Vocabulary>>& given_;
  int64_t train_rows_ = 0;
};

// Ids, specials and names of the domain field.
void settle_domains(Schema& schema, const Vocabularies& vocabularies) {
  const int64_t index = schema.index_of(FieldRole::domain);
  if (index < 0) return;
  const auto f = static_cast<size_t>(index);
  schema.domains = schema.fields[f].vocabulary;
  if (!vocabularies[f]) return;
  schema.domain_names.clear();
  for (int64_t d = 0; d < schema.domains; ++d)
    schema.domain_names.emplace_back(vocabularies[f]->token_of(d));
}

void check_encoding(const Field& field) {
  const Encoding& e = field.encoding;
  if (field.type == FieldType::numeric) return;
  CTR_CHECK(e.ids != IdRule::hash || (e.buckets > 0 && e.buckets < INT32_MAX - 1),
            "prepare: hashed field '{}' needs from 1 to 2^31 - 3 buckets, got {}", field.name,
            e.buckets);
  CTR_CHECK(e.ids != IdRule::given || field.vocabulary > 0,
            "prepare: field '{}' takes ids as they are given; name their number as its vocabulary",
            field.name);
  CTR_CHECK(e.tokens == TokenRule::text || !field.is_list(),
            "prepare: field '{}' is a list; token rules are for categorical fields", field.name);
  CTR_CHECK(e.tokens != TokenRule::boundaries ||
                (!e.boundaries.empty() && std::is_sorted(e.boundaries.begin(), e.boundaries.end())),
            "prepare: field '{}' needs ascending boundaries", field.name);
}

void check_plan(const PreparePlan& plan) {
  std::vector<std::string> names;
  for (const Field& field : plan.schema.fields) {
    CTR_CHECK(std::find(names.begin(), names.end(), field.name) == names.end(),
              "prepare: two fields are called '{}'", field.name);
    check_encoding(field);
    CTR_CHECK(field.role != FieldRole::domain ||
                  (field.type == FieldType::categorical && !field.padding && !field.unseen),
              "prepare: the domain field '{}' must be categorical, without rows for missing or "
              "unseen values",
              field.name);
    names.push_back(field.name);
  }
  check_shares(plan.schema);
  for (const Field& field : plan.schema.fields) {
    if (field.shares.empty()) continue;
    const Field& owner =
        plan.schema.fields[static_cast<size_t>(plan.schema.index_of(field.shares))];
    CTR_CHECK(field.encoding.ids == owner.encoding.ids &&
                  field.encoding.buckets == owner.encoding.buckets &&
                  owner.role != FieldRole::domain,
              "prepare: field '{}' shares the table of '{}' and must make ids of tokens as it does",
              field.name, field.shares);
  }
}

// The last part of a path, with or without a slash behind it.
std::string file_name(const std::filesystem::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

// The first pass; leaves the schema final.
Vocabularies count(PreparePlan& plan, BadLines& bad, const Progress& progress) {
  Census census(plan);
  ChunkParser parser(plan.schema, *plan.source, true);
  ReadAhead chunks(*plan.source, bad);
  int64_t rows = 0;
  while (const RawChunk* chunk = chunks.next()) {
    parser.parse(*chunk, bad);
    census.add(*chunk, parser);
    rows += chunk->rows;
    if (progress) progress({1, chunks.bytes_read(), plan.source->bytes_total(), rows});
  }
  CTR_CHECK_DATA(census.train_rows() > 0,
                 "prepare: the training split has no rows ({} lines were left out); check --split "
                 "and the input",
                 bad.count());
  Vocabularies vocabularies = census.finish(plan.schema);
  settle_domains(plan.schema, vocabularies);
  return vocabularies;
}

}  // namespace

PrepareReport prepare(PreparePlan& plan, const std::string& target, BadLines& bad,
                      const Progress& progress) {
  check_plan(plan);
  if (plan.schema.name.empty()) plan.schema.name = file_name(target);
  DatasetWriter writer(target);  // refuses an existing target before the work
  const Vocabularies vocabularies = count(plan, bad, progress);
  const Schema& schema = plan.schema;
  writer.begin_rows(schema);
  bad.mute();

  Encoder encoder(schema, vocabularies);
  LabelCounts labels(schema);
  std::array<Columns, 3> rows = {Columns::empty(schema), Columns::empty(schema),
                                 Columns::empty(schema)};
  PrepareReport report;
  auto flush = [&] {
    for (size_t s = 0; s < rows.size(); ++s) {
      writer.add(static_cast<Split>(s), rows[s]);
      labels.add(s, rows[s]);
      report.rows[s] += rows[s].rows;
      rows[s].clear();
    }
  };
  {
    ChunkParser parser(schema, *plan.source, true);
    ReadAhead chunks(*plan.source, bad);
    int64_t seen = 0;
    while (const RawChunk* chunk = chunks.next()) {
      parser.parse(*chunk, bad);
      encoder.encode(*chunk, parser, true, rows);
      flush();
      seen += chunk->rows;
      if (progress) progress({2, chunks.bytes_read(), plan.source->bytes_total(), seen});
    }
  }
  make_directories(writer.folder() + "/vocabulary");
  for (size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    const CellCounts& cells = encoder.counts()[f];
    PrepareReport::FieldReport entry{field.name, field.vocabulary, 0, {}, {}};
    std::copy_n(cells.unseen, 3, entry.unseen);
    std::copy_n(cells.missing, 3, entry.missing);
    if (vocabularies[f]) {
      entry.rare = vocabularies[f]->rare();
      vocabularies[f]->save(writer.folder() + "/" + vocabulary_file(field.name));
    }
    report.fields.push_back(entry);
  }
  report.bad_lines = bad.count();
  report.warnings = labels.warnings();
  writer.commit(plan.origin, plan.note, {}, align_vectors(plan, vocabularies, report.vectors));
  return report;
}

const ConverterInfo& find_converter(const std::string& name) {
  std::vector<std::string> names;
  for (const ConverterInfo& converter : converter_list()) {
    if (converter.name == name) return converter;
    names.push_back(converter.name);
  }
  fail(ErrorKind::usage, "prepare: unknown converter '{}'{}", name, advice_on_name(name, names));
}

}  // namespace ctr
