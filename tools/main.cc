// ctrengine VERB …: the command line. CLI11 parses it; options are those of the verbs' OptionLists.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/allocator.h"
#include "engine/error.h"
#include "engine/nearest.h"
#include "tools/presets.h"
#include "tools/verbs.h"

namespace ctr {
namespace {

std::string flag_of(const std::string& option) { return "--" + dashed(option); }

// A verb's part of the command line.
struct Command {
  Verb verb;
  std::string path;  // "prepare criteo"
  std::vector<std::unique_ptr<Command>> children = {};
  CLI::App* app = nullptr;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> given;  // option → text, in order
};

std::string examples_text(const Verb& verb) {
  std::string text = "Examples:";
  for (const std::string& example : verb.examples) text += "\n  " + example;
  return text;
}

void attach(CLI::App& program, Command& command) {
  command.app = program.add_subcommand(command.verb.name, command.verb.summary);
  command.app->allow_extras();
  command.app->require_subcommand(0, 1);
  command.app->footer(examples_text(command.verb));
  for (const Option& option : command.verb.options.all()) {
    std::string help = option.help;
    if (!option.choices.empty()) help += fmt::format(" ({})", fmt::join(option.choices, ", "));
    auto keep = [&command, name = option.name](const std::string& text) {
      command.given.emplace_back(name, text);
    };
    if (std::holds_alternative<bool*>(option.target)) {
      auto flag = [keep](int64_t count) { keep(count > 0 ? "true" : "false"); };
      help += fmt::format(" [{}]; --{}=false turns it off", OptionList::text_of(option),
                          dashed(option.name));
      command.app->add_flag_function(flag_of(option.name), flag, help);
    } else {
      command.app->add_option_function<std::string>(flag_of(option.name), keep, help)
          ->type_name("")
          ->trigger_on_parse(option.repeats)
          ->default_str(OptionList::text_of(option));
    }
  }
  if (!command.verb.arguments.empty())
    command.app->add_option(command.verb.arguments, command.arguments);
  for (const Verb& verb : command.verb.verbs) {
    command.children.push_back(std::make_unique<Command>());
    command.children.back()->verb = verb;
    command.children.back()->path = command.path + " " + verb.name;
    attach(*command.app, *command.children.back());
  }
}

// The innermost verb that the command line names; null when it names none of these.
Command* chosen(const std::vector<std::unique_ptr<Command>>& commands) {
  for (const auto& command : commands) {
    if (!command->app->parsed()) continue;
    Command* inner = chosen(command->children);
    return inner != nullptr ? inner : command.get();
  }
  return nullptr;
}

[[noreturn]] void refuse_verb(const std::string& wanted, const std::string& where,
                              const std::vector<std::unique_ptr<Command>>& commands) {
  std::vector<std::string> known;
  for (const auto& command : commands) known.push_back(command->verb.name);
  if (where.empty()) known.push_back("test");
  throw Error(fmt::format("{}unknown verb '{}'{}", where.empty() ? "" : where + ": ", wanted,
                          advice_on_name(wanted, known)));
}

void refuse_extras(const Command& command) {
  for (const std::string& extra : command.app->remaining()) {
    if (extra.starts_with("-")) {
      std::vector<std::string> known{"--help"};
      for (const Option& option : command.verb.options.all()) known.push_back(flag_of(option.name));
      std::string name = extra.substr(0, extra.find('='));
      throw Error(command.path + ": unknown option '" + name + "'" + advice_on_name(name, known));
    }
    if (!command.children.empty()) refuse_verb(extra, command.path, command.children);
    throw Error(command.path + ": unexpected argument '" + extra + "'");
  }
}

// What the command line says of an option, empty when nothing.
std::string given_text(const Command& command, const std::string& name) {
  std::string result;
  for (const auto& [given, text] : command.given) result = given == name ? text : result;
  return result;
}

// The options of --config FILE or of --resume RUN, for verbs that take one.
std::vector<ConfigEntry> file_entries(const Command& command) {
  std::string file;
  for (const char* name : {"config", "resume"}) {
    if (command.verb.options.find(name) == nullptr) continue;
    const std::string text = given_text(command, name);
    if (!text.empty() && !file.empty())
      throw Error(command.path + ": --resume takes its options from the run; leave --config out");
    if (!text.empty()) file = text;
  }
  if (file.empty()) return {};
  std::vector<std::string> notes;
  std::vector<ConfigEntry> entries = read_config_file(file, command.verb.options, &notes);
  for (const std::string& note : notes) std::fprintf(stderr, "note      %s\n", note.c_str());
  return entries;
}

// Defaults, then presets, then the file, then the command line.
void set_options(Command& command) {
  std::vector<ConfigEntry> entries = file_entries(command);
  for (const auto& [name, text] : command.given) entries.push_back({name, text, command.path});
  set_in_order(command.verb.options, entries, command.verb.preset);
  command.verb.given(entries);
}

int run(Command& command) {
  refuse_extras(command);
  set_options(command);
  return command.verb.run(command.arguments);
}

int main_of(int count, char** words) {
  CLI::App program("ctrengine: a deep-learning engine for click-through-rate models", "ctrengine");
  program.footer(
      "`ctrengine VERB --help` shows a verb's options, defaults and examples. `./ctrengine test` "
      "runs all tests.");
  program.set_version_flag("--version", "ctrengine 0.1.0");
  program.allow_extras();
  program.require_subcommand(0, 1);  // an argument may have the name of a verb: `bench predict`
  std::vector<std::unique_ptr<Command>> commands;
  for (Verb verb : {prepare_verb(), lint_verb(), inspect_verb(), datasets_verb(), train_verb(),
                    finetune_verb(), sweep_verb(), ablate_verb(), evaluate_verb(), predict_verb(),
                    compare_verb(), gradcheck_verb(), verify_verb(), models_verb(), bench_verb()}) {
    commands.push_back(std::make_unique<Command>());
    commands.back()->path = verb.name;
    commands.back()->verb = std::move(verb);
    attach(program, *commands.back());
  }
  try {
    program.parse(count, words);
  } catch (const CLI::CallForHelp& help) {
    program.exit(help);
    return 0;
  } catch (const CLI::CallForVersion& version) {
    program.exit(version);
    return 0;
  } catch (const CLI::ParseError& error) {
    throw Error(error.what());
  }
  if (Command* command = chosen(commands)) return run(*command);
  if (program.remaining().empty()) {
    std::fputs(program.help().c_str(), stdout);
    return 2;
  }
  refuse_verb(program.remaining()[0], "", commands);
}

// Idle threads must not spin: OpenMP reads this before main, so set it and start again.
void wait_passively(char** words) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", words);  // on failure go on, only slower
}

}  // namespace
}  // namespace ctr

int main(int count, char** words) {
#if defined(__AVX2__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    std::fputs(
        "ctrengine: this build needs a processor with AVX2; build with CTR_PRESET=portable\n",
        stderr);
    return 69;
  }
#endif
  ctr::wait_passively(words);
  ctr::keep_heap();
  try {
    return ctr::main_of(count, words);
  } catch (const ctr::Error& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "ctrengine: %s\n", error.what());
    return static_cast<int>(error.kind());
  } catch (const std::bad_alloc&) {
    std::fputs("ctrengine: out of memory; use a smaller --batch-size\n", stderr);
    return 70;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ctrengine: internal error: %s\n", error.what());
    return 70;
  }
}
