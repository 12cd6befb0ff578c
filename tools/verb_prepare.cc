#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "engine/check.h"
#include "io/dataset.h"
#include "io/prepare/encoder.h"
#include "io/prepare/prepare.h"
#include "io/prepare/vector_file.h"
#include "tools/model_file.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

using Clock = std::chrono::steady_clock;

// A bar on a terminal, a line every ten seconds elsewhere.
class Progress {
 public:
  void operator()(const PrepareProgress& p) {
    const double now = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (p.pass != pass_) {
      pass_ = p.pass;
      pass_begin_ = now;
      last_ = terminal_ ? -1 : now;
    }
    if (now - last_ < (terminal_ ? 0.2 : 10)) return;
    last_ = now;
    const double share =
        p.bytes_total > 0 ? static_cast<double>(p.bytes_read) / static_cast<double>(p.bytes_total)
                          : 1;
    const double spent = now - pass_begin_;
    const double left = share > 0 ? spent / share - spent + (p.pass == 1 ? spent / share : 0) : 0;
    const double rate = spent > 0 ? static_cast<double>(p.bytes_read) / 1e6 / spent : 0;
    constexpr int kWidth = 24;
    const int filled = static_cast<int>(kWidth * share);
    fmt::print("{}pass {}/2 [{:=<{}}{: <{}}] {:.0f} %  {} rows  {:.0f} MB/s  {:.0f} s left{}",
               terminal_ ? "\r" : "", p.pass, "", filled, "", kWidth - filled, 100 * share, p.rows,
               rate, left, terminal_ ? " \x1b[K" : "\n");
    std::fflush(stdout);
  }
  double end() const {
    if (terminal_) fmt::print("\r\x1b[K");
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

 private:
  bool terminal_ = isatty(STDOUT_FILENO) != 0;
  Clock::time_point begin_ = Clock::now();
  double pass_begin_ = 0, last_ = 0;
  int pass_ = 0;
};

std::string share_text(int64_t count, int64_t rows) {
  if (rows == 0) return "-";
  return fmt::format("{:.2f} %", 100 * static_cast<double>(count) / static_cast<double>(rows));
}

void print_vectors(const PrepareReport::VectorReport& v) {
  fmt::print("vectors   {}: {} of {} tokens have one", v.name, v.tokens - v.missing, v.tokens);
  if (v.missing > 0) fmt::print("; {} are zeros", v.missing);
  if (v.missing > 0 && v.cells >= 0) fmt::print(", {} cells of the training split", v.cells);
  if (v.unused > 0) fmt::print("; {} vectors of other tokens are left out", v.unused);
  fmt::print("\n");
}

void print_report(const PrepareReport& report, const BadLines& bad) {
  fmt::print("rows      train {}, valid {}, test {}\n\n", report.rows[0], report.rows[1],
             report.rows[2]);
  fmt::print("{:<20} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "field", "ids", "rare",
             "unseen: val", "test", "missing", "of train");
  for (const PrepareReport::FieldReport& f : report.fields) {
    fmt::print("{:<20} {:>10} {:>10} {:>11} {:>10} {:>10} {:>10}\n", f.name, f.vocabulary, f.rare,
               share_text(f.unseen[1], report.rows[1]), share_text(f.unseen[2], report.rows[2]),
               f.missing[0], share_text(f.missing[0], report.rows[0]));
  }
  fmt::print("\n");
  for (const PrepareReport::VectorReport& v : report.vectors) print_vectors(v);
  for (const std::string& warning : report.warnings) fmt::print("warning   {}\n", warning);
  if (bad.count() == 0) return;
  fmt::print("left out  {} bad lines; the first:\n", bad.count());
  for (const std::string& example : bad.examples()) fmt::print("  {}\n", example);
  for (const auto& [file, count] : bad.by_file()) fmt::print("  {} in {}\n", count, file);
}

// Fields that models read take their ids from the data set or run in `folder`, where it has a field
// of that name; domains have names, not ids, in common.
void take_vocabularies(PreparePlan& plan, const std::string& folder) {
  const Schema theirs = std::filesystem::exists(folder + "/model.json")
                            ? read_model_file(folder).schema
                            : read_dataset(folder).schema;
  std::vector<std::string> taken, names;
  for (const Field& field : theirs.fields) names.push_back(field.name);
  for (Field& field : plan.schema.fields) {
    const auto found = std::find(names.begin(), names.end(), field.name);
    if (!needs_vocabulary(field) || !field.shares.empty() || !field.input ||
        field.role == FieldRole::domain || found == names.end())
      continue;
    const Field& before = theirs.fields[static_cast<size_t>(found - names.begin())];
    field.encoding.min_count = before.encoding.min_count;
    CTR_CHECK(
        field.type == before.type && before.encoding == field.encoding &&
            before.first_token() == field.first_token(),
        "--vocabulary-of {}: field '{}' is made of text in another way there; prepare it with "
        "the options that it was prepared with",
        folder, field.name);
    const std::string& owner = before.shares.empty() ? before.name : before.shares;
    plan.vocabularies[field.name] = std::make_shared<const Vocabulary>(
        Vocabulary::load(folder + "/" + vocabulary_file(owner), field.first_token()));
    taken.push_back(field.name);
  }
  CTR_CHECK(!taken.empty(),
            "--vocabulary-of {}: it has no field of this data with a vocabulary; its fields are {}",
            folder, fmt::join(names, ", "));
  fmt::print("ids       of {} as {} has them\n", fmt::join(taken, ", "), folder);
}

// What one converter's verb holds between the command line and its run.
struct State {
  std::unique_ptr<Converter> converter;
  std::string out, on_bad_line = "error", vocabulary_of;
  NameList vectors;
};

int run(State& state, const ConverterInfo& info, const std::vector<std::string>& inputs) {
  CTR_CHECK(!inputs.empty(), "prepare {}: name the input: {}", info.name, info.inputs);
  CTR_CHECK(!state.out.empty(), "prepare {}: --out DIRECTORY is missing", info.name);
  BadLines bad(state.on_bad_line == "skip" ? BadLinePolicy::skip : BadLinePolicy::error);
  PreparePlan plan = state.converter->open(inputs);
  if (!state.vocabulary_of.empty()) take_vocabularies(plan, state.vocabulary_of);
  give_vectors(plan, state.vectors);
  fmt::print(
      "source    {}\nmemory    about 30 bytes and its text for each distinct token of the "
      "training split, and 100 MB of buffers\n",
      plan.origin);
  std::fflush(stdout);
  Progress progress;
  const PrepareReport report =
      prepare(plan, state.out, bad, [&](const PrepareProgress& p) { progress(p); });
  const double seconds = progress.end();
  print_report(report, bad);
  if (!plan.note.empty()) fmt::print("note      {}\n", plan.note);
  const auto bytes = static_cast<double>(plan.source->bytes_total());
  fmt::print(
      "time      {:.1f} s, {:.0f} MB/s over both passes\ndata      is in {}; next: ctrengine "
      "train --data {}\n",
      seconds, bytes / 1e6 / seconds, state.out, state.out);
  return 0;
}

Verb converter_verb(const ConverterInfo& info) {
  auto state = std::make_shared<State>();
  state->converter = info.make();
  Verb verb;
  verb.name = info.name;
  verb.summary = info.summary;
  verb.examples = {info.example, info.example + " --on-bad-line skip"};
  verb.arguments = info.inputs;
  verb.options = state->converter->options();
  verb.options.add({"out", &state->out, "the data set's new directory"});
  verb.options.add({"on_bad_line",
                    &state->on_bad_line,
                    "stop at the first bad line, or leave such lines out and count them",
                    {"error", "skip"}});
  verb.options.add({"vocabulary_of", &state->vocabulary_of,
                    "a data set or a run: fields of the same name take their ids from it, new "
                    "tokens are out of vocabulary"});
  verb.options.add({.name = "vectors",
                    .target = &state->vectors,
                    .help = "FIELD=FILE: frozen vectors of a field's tokens, a .npy or "
                            ".safetensors matrix (docs/embeddings.md); may be given again",
                    .repeats = true});
  verb.run = [state, &info](const std::vector<std::string>& inputs) {
    return run(*state, info, inputs);
  };
  return verb;
}

}  // namespace

Verb prepare_verb() {
  Verb verb;
  verb.name = "prepare";
  verb.summary = "make a data set of raw files";
  verb.examples = {"ctrengine prepare criteo --help",
                   "ctrengine prepare csv clicks.csv --label click --out data/clicks"};
  for (const ConverterInfo& info : converter_list()) verb.verbs.push_back(converter_verb(info));
  verb.run = [](const std::vector<std::string>&) {
    fmt::print("Converters; `ctrengine prepare NAME --help` shows the options of one.\n\n");
    for (const ConverterInfo& info : converter_list())
      fmt::print("{:<12} {:<16} {}\n", info.name, info.inputs, info.summary);
    return 0;
  };
  return verb;
}

}  // namespace ctr
