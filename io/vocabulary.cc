#include "io/vocabulary.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#define XXH_INLINE_ALL  // tokens are short: a call costs more than their hash
#include <xxhash.h>

#include "engine/check.h"
#include "io/checksum.h"
#include "io/file.h"

namespace ctr {
namespace {

// A token's text lies in the arena as its length (one byte, or 255 and four bytes) and its bytes.
struct Slot {
  uint64_t hash = 0;
  uint32_t text = 0;   // place in the arena
  uint32_t value = 0;  // 0: free; counting: the count; finished: 1 without an id, else 2 + place
};

std::string_view text_at(const std::string& arena, uint32_t place) {
  const auto* at = reinterpret_cast<const unsigned char*>(arena.data()) + place;
  uint32_t length = *at++;
  if (length == 255) {
    std::memcpy(&length, at, 4);
    at += 4;
  }
  return {reinterpret_cast<const char*>(at), length};
}

// Equality. Tokens of eight bytes are common (hashes in hex), and a call of memcmp costs more.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() != 8) return a == b;
  uint64_t x, y;
  std::memcpy(&x, a.data(), 8);
  std::memcpy(&y, b.data(), 8);
  return x == y;
}

// The first eight bytes as a number that orders as they do.
uint64_t prefix_of(std::string_view token) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, token.data(), std::min<size_t>(8, token.size()));
  return __builtin_bswap64(prefix);
}

constexpr const char* kHeader = "#ctrengine vocabulary 1 ";

}  // namespace

std::string vocabulary_file(std::string_view field) {
  std::string path = "vocabulary/";
  for (char c : field) {
    if (c == '/' || c == '%')
      path += c == '/' ? "%2F" : "%25";
    else
      path += c;
  }
  return path + ".tsv";
}

struct Vocabulary::State {
  std::vector<Slot> slots = std::vector<Slot>(64);
  std::string arena;
  size_t used = 0;
  size_t declared = 0, declared_end = 0;  // tokens, and their end in the arena
  int64_t first_token = 0, rare = 0;
  bool finished = false;
  std::vector<uint32_t> texts;   // of each id
  std::vector<uint32_t> counts;  // of each id

  size_t mask() const { return slots.size() - 1; }

  // The slot of a token, or the free one where it belongs.
  Slot& slot_of(std::string_view token, uint64_t hash) {
    size_t at = hash & mask();
    while (slots[at].value != 0 &&
           (slots[at].hash != hash || !same(text_at(arena, slots[at].text), token)))
      at = (at + 1) & mask();
    return slots[at];
  }

  void grow() {
    std::vector<Slot> old(slots.size() * 2);
    old.swap(slots);
    for (const Slot& slot : old) {
      if (slot.value == 0) continue;
      size_t at = slot.hash & mask();
      while (slots[at].value != 0) at = (at + 1) & mask();
      slots[at] = slot;
    }
  }

  uint32_t keep(std::string_view token) {
    const size_t place = arena.size();
    CTR_CHECK_DATA(place + token.size() + 5 < UINT32_MAX,
                   "vocabulary: the distinct tokens of a field take more than 4 GB; hash the field "
                   "instead");
    const auto length = static_cast<uint32_t>(token.size());
    if (length < 255) {
      arena.push_back(static_cast<char>(length));
    } else {
      arena.push_back('\xff');
      arena.append(reinterpret_cast<const char*>(&length), 4);
    }
    arena.append(token);
    return static_cast<uint32_t>(place);
  }

  Slot& insert(std::string_view token, uint64_t hash) {
    if (10 * (used + 1) > 7 * slots.size()) grow();
    Slot& slot = slot_of(token, hash);
    if (slot.value == 0) {
      slot.hash = hash;
      slot.text = keep(token);
      ++used;
    }
    return slot;
  }

  // Calls f(i, slot) for each token with the memory that it needs on the way already.
  template <class F>
  void for_each_slot(std::span<const std::string_view> tokens, const F& f) const {
    constexpr size_t kBlock = 64, kAhead = 8;
    uint64_t hashes[kBlock];
    for (size_t begin = 0; begin < tokens.size(); begin += kBlock) {
      const size_t count = std::min(kBlock, tokens.size() - begin);
      for (size_t i = 0; i < count; ++i) {
        if (begin + i + 2 * kAhead < tokens.size())
          __builtin_prefetch(tokens[begin + i + 2 * kAhead].data());
        hashes[i] = XXH3_64bits(tokens[begin + i].data(), tokens[begin + i].size());
        __builtin_prefetch(&slots[hashes[i] & mask()]);
      }
      for (size_t i = 0; i < count; ++i) {
        if (i + kAhead < count)
          __builtin_prefetch(arena.data() + slots[hashes[i + kAhead] & mask()].text);
        f(begin + i, hashes[i]);
      }
    }
  }
};

Vocabulary::Vocabulary() : state_(std::make_unique<State>()) {}
Vocabulary::~Vocabulary() = default;
Vocabulary::Vocabulary(Vocabulary&&) noexcept = default;
Vocabulary& Vocabulary::operator=(Vocabulary&&) noexcept = default;

void Vocabulary::declare(std::span<const std::string_view> tokens) {
  CTR_ASSERT(state_->used == state_->declared);
  add(tokens);
  state_->declared = state_->used;
  state_->declared_end = state_->arena.size();
}

void Vocabulary::add(std::span<const std::string_view> tokens) {
  CTR_ASSERT(!state_->finished);
  state_->for_each_slot(tokens, [&](size_t i, uint64_t hash) {
    Slot& slot = state_->insert(tokens[i], hash);
    if (slot.value != UINT32_MAX) ++slot.value;
  });
}

void Vocabulary::finish(int64_t first_token, int64_t min_count, Order order) {
  struct Token {
    uint32_t count, text;
    uint64_t prefix;
    uint32_t slot;
  };
  State& s = *state_;
  std::vector<Token> tokens;
  for (size_t at = 0; at < s.slots.size(); ++at) {
    Slot& slot = s.slots[at];
    if (slot.value == 0) continue;
    const bool declared = slot.text < s.declared_end;
    if (!declared && slot.value < min_count) {
      slot.value = 1;
      ++s.rare;
      continue;
    }
    tokens.push_back({slot.value - (declared ? 1 : 0), slot.text,
                      prefix_of(text_at(s.arena, slot.text)), static_cast<uint32_t>(at)});
  }
  std::sort(tokens.begin(), tokens.end(), [&](const Token& a, const Token& b) {
    if (order == Order::by_appearance) return a.text < b.text;
    if (a.count != b.count) return a.count > b.count;
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return text_at(s.arena, a.text) < text_at(s.arena, b.text);
  });
  CTR_CHECK_DATA(tokens.size() < INT32_MAX - 2,
                 "vocabulary: {} tokens, at most 2^31 are supported; raise min_count or hash the "
                 "field",
                 tokens.size());
  for (const Token& token : tokens) {
    s.slots[token.slot].value = static_cast<uint32_t>(s.texts.size()) + 2;
    s.texts.push_back(token.text);
    s.counts.push_back(token.count);
  }
  s.first_token = first_token;
  s.finished = true;
}

void Vocabulary::find(std::span<const std::string_view> tokens, std::span<int64_t> ids) const {
  CTR_ASSERT(state_->finished && tokens.size() == ids.size());
  state_->for_each_slot(tokens, [&](size_t i, uint64_t hash) {
    const uint32_t value = state_->slot_of(tokens[i], hash).value;
    ids[i] = value < 2 ? kUnknown : state_->first_token + value - 2;
  });
}

int64_t Vocabulary::find(std::string_view token) const {
  int64_t id = kUnknown;
  find({&token, 1}, {&id, 1});
  return id;
}

int64_t Vocabulary::first_token() const { return state_->first_token; }
int64_t Vocabulary::size() const {
  return state_->first_token + static_cast<int64_t>(state_->texts.size());
}
int64_t Vocabulary::rare() const { return state_->rare; }

std::string_view Vocabulary::token_of(int64_t id) const {
  CTR_CHECK(id >= state_->first_token && id < size(), "vocabulary: id {} has no token in [{}, {})",
            id, state_->first_token, size());
  return text_at(state_->arena, state_->texts[static_cast<size_t>(id - state_->first_token)]);
}

int64_t Vocabulary::count_of(int64_t id) const {
  CTR_CHECK(id >= state_->first_token && id < size(), "vocabulary: id {} has no token in [{}, {})",
            id, state_->first_token, size());
  return state_->counts[static_cast<size_t>(id - state_->first_token)];
}

namespace {

void append_escaped(std::string& text, std::string_view token) {
  for (char c : token) {
    switch (c) {
      case '\t':
        text += "\\t";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\\':
        text += "\\\\";
        break;
      default:
        text += c;
    }
  }
}

// False on an escape that save() does not write.
bool unescape(std::string_view text, std::string& token) {
  token.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      token += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    const char c = text[i];
    if (c != 't' && c != 'n' && c != 'r' && c != '\\') return false;
    token += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : '\\';
  }
  return true;
}

std::string header_of(int64_t tokens, uint64_t checksum) {
  return fmt::format("{}{:012} {}\n", kHeader, tokens, checksum_text(checksum));
}

}  // namespace

void Vocabulary::save(const std::string& path) const {
  constexpr size_t kFlush = size_t{1} << 20;
  AtomicFile file(path);
  const auto tokens = static_cast<int64_t>(state_->texts.size());
  const std::string header = header_of(tokens, 0);
  file.write(header);
  Checksum sum;
  std::string text;
  for (int64_t i = 0; i < tokens; ++i) {
    text += std::to_string(state_->counts[static_cast<size_t>(i)]);
    text += '\t';
    append_escaped(text, token_of(state_->first_token + i));
    text += '\n';
    if (text.size() < kFlush && i + 1 < tokens) continue;
    sum.update(text.data(), text.size());
    file.write(text);
    text.clear();
  }
  const std::string final_header = header_of(tokens, sum.value());
  file.overwrite(0, final_header.data(), final_header.size());
  file.commit();
}

Vocabulary Vocabulary::load(const std::string& path, int64_t first_token) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  const size_t begin = std::min(text.size(), header_of(0, 0).size());
  const std::string_view lines = text.substr(begin);
  const auto count = std::count(lines.begin(), lines.end(), '\n');
  CTR_CHECK_DATA(text.substr(0, begin) == header_of(count, checksum_of(lines)),
                 "{}: not a vocabulary of {} tokens: the file is damaged, cut short or was changed",
                 path, count);
  Vocabulary result;
  State& s = *result.state_;
  s.first_token = first_token;
  s.slots.resize(std::bit_ceil(static_cast<size_t>(count) * 2 + 64));
  s.finished = true;
  std::string token;
  for (size_t at = 0; at < lines.size();) {
    const std::string_view line = lines.substr(at, lines.find('\n', at) - at);
    at += line.size() + 1;
    uint32_t seen = 0;
    const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), seen);
    const auto tab = static_cast<size_t>(end - line.data());
    CTR_CHECK_DATA(code == std::errc() && tab < line.size() && line[tab] == '\t' &&
                       unescape(line.substr(tab + 1), token),
                   "{}: expected `count<TAB>token`, found '{}'", path, line);
    Slot& slot = s.insert(token, XXH3_64bits(token.data(), token.size()));
    CTR_CHECK_DATA(slot.value == 0, "{}: the token '{}' stands twice", path, token);
    slot.value = static_cast<uint32_t>(s.texts.size()) + 2;
    s.texts.push_back(slot.text);
    s.counts.push_back(seen);
  }
  return result;
}

}  // namespace ctr
