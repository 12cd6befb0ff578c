#pragma once
// The verbs of the program. Each takes its own options and arguments, prints to stdout and returns
// the exit code.

#include <functional>
#include <string>
#include <vector>

#include "tools/config_file.h"

namespace ctr {

// What a verb's command line holds.
struct Verb {
  std::string name;
  std::string summary;
  std::vector<std::string> examples;  // two or three, runnable
  std::string arguments;              // "FILE", or empty when it takes none
  OptionList options;
  std::function<int(const std::vector<std::string>& arguments)> run;
  // Called before options are set, with what --model will be: presets become defaults.
  std::function<void(const std::string& model)> preset = [](const std::string&) {};
  // Called with what a file and the command line said, in order, for a verb that sets options anew
  // for each of several runs.
  std::function<void(const std::vector<ConfigEntry>& entries)> given =
      [](const std::vector<ConfigEntry>&) {};
  std::vector<Verb> verbs = {};  // verbs of its own, as `prepare criteo`
};

Verb prepare_verb();
Verb lint_verb();
Verb inspect_verb();
Verb datasets_verb();
Verb train_verb();
Verb finetune_verb();
Verb sweep_verb();
Verb ablate_verb();
Verb evaluate_verb();
Verb predict_verb();
Verb compare_verb();
Verb gradcheck_verb();
Verb verify_verb();
Verb bench_verb();
Verb models_verb();

}  // namespace ctr
