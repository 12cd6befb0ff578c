#pragma once
// The tokens of a field and their ids.
//
// On disk: vocabulary/NAME.tsv, a first line `#ctrengine vocabulary 1 TOKENS CHECKSUM`, then a line
// `count<TAB>token` for each token in the order of ids; tab, newline, carriage return and backslash
// within a token are written \t \n \r \\.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

// Tokens with their counts and, once finished, ids: a hash table with open addressing over XXH3.
// About 27 bytes a token and the token's own length.
// Where a data set or a run keeps the vocabulary of a field: "vocabulary/NAME.tsv", with '/' and
// '%' of the name as %2F and %25.
std::string vocabulary_file(std::string_view field);

class Vocabulary {
 public:
  static constexpr int64_t kUnknown = -1;

  Vocabulary();
  ~Vocabulary();
  Vocabulary(Vocabulary&&) noexcept;
  Vocabulary& operator=(Vocabulary&&) noexcept;

  // Gives these tokens ids whether they are met or not, before any add().
  void declare(std::span<const std::string_view> tokens);
  // Counts tokens, before finish().
  void add(std::span<const std::string_view> tokens);

  enum class Order : uint8_t { by_count, by_appearance };
  // Gives ids from `first_token` on to the tokens seen at least `min_count` times: by falling
  // count, then by their bytes; or in the order in which they first appeared.
  void finish(int64_t first_token, int64_t min_count, Order order);

  // Ids of tokens, kUnknown for others. After finish() or load().
  void find(std::span<const std::string_view> tokens, std::span<int64_t> ids) const;
  int64_t find(std::string_view token) const;

  int64_t first_token() const;
  int64_t size() const;  // first_token plus the tokens that have an id
  int64_t rare() const;  // distinct tokens below min_count
  std::string_view token_of(int64_t id) const;
  int64_t count_of(int64_t id) const;  // in the training split

  void save(const std::string& path) const;
  // Throws kind data, naming the file, on anything but what save() wrote.
  static Vocabulary load(const std::string& path, int64_t first_token);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctr
