// criteo_text ROWS [SEED] > FILE: made-up raw text in the format of the Criteo display-advertising
// challenge (40 columns, tabs, no header), to measure `ctrengine prepare criteo` with. Columns have
// the cardinalities of Criteo_x1, long-tailed (P(rank r) ∝ 1/r), and about the gaps of the real
// ones. There is nothing to learn from it. The same arguments give the same bytes on any machine.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "engine/rng.h"

namespace {

struct Column {
  double most;  // numbers: largest; categories: how many
  int gaps;     // missing cells, of 100
};

// Largest numbers and shares of gaps as in the first rows of the challenge's training file.
constexpr Column kNumbers[] = {{5775, 45},   {257675, 0}, {65535, 21}, {969, 22},  {23159456, 3},
                               {431037, 22}, {56311, 4},  {6047, 0},   {29019, 4}, {11, 45},
                               {231, 4},     {4008, 76},  {7393, 22}};
constexpr Column kCategories[] = {
    {1460, 0},  {558, 0},    {413422, 3}, {248541, 3}, {305, 0},    {21, 12},  {12190, 0},
    {633, 0},   {3, 0},      {54710, 0},  {5348, 0},   {409747, 3}, {3180, 0}, {27, 0},
    {12498, 0}, {365809, 3}, {10, 0},     {4932, 0},   {2094, 44},  {4, 44},   {397979, 3},
    {18, 76},   {15, 0},     {88606, 3},  {96, 44},    {64071, 44}};
constexpr uint64_t kClicks = 26;  // of 100 rows

// Of 1 … n, with P(r) ∝ 1/r nearly: ln r is uniform.
uint32_t long_tailed(double u, double n) {
  return static_cast<uint32_t>(std::exp(u * std::log(n + 1)));
}

// A bijection of 32 bits (Wellons' lowbias32): ids look like the hashes of the real file.
uint32_t scrambled(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

void append_hex(std::string& text, uint32_t x) {
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[x >> shift & 15];
}

void append_number(std::string& text, int64_t x) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof(digits), x).ptr);
}

void append_row(std::string& text, uint64_t row, const ctr::RandomStream& random) {
  uint64_t element = row * 64;
  const auto draw = [&](const Column& column, double& u) {
    const uint64_t bits = random.bits(element++);
    u = static_cast<double>(bits >> 12) * 0x1p-52;
    return static_cast<int>((bits & 0xfff) * 100 >> 12) >= column.gaps;
  };
  text += random.below(100, element++) < kClicks ? '1' : '0';
  double u = 0;
  for (size_t c = 0; c < std::size(kNumbers); ++c) {
    text += '\t';
    if (!draw(kNumbers[c], u)) continue;
    append_number(text, int64_t{long_tailed(u, kNumbers[c].most)} - (c == 1 ? 2 : 1));
  }
  for (size_t c = 0; c < std::size(kCategories); ++c) {
    text += '\t';
    if (!draw(kCategories[c], u)) continue;
    append_hex(text,
               scrambled(static_cast<uint32_t>(c << 24) + long_tailed(u, kCategories[c].most)));
  }
  text += '\n';
}

bool parse(std::string_view word, uint64_t& value) {
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
  return code == std::errc() && end == word.data() + word.size();
}

}  // namespace

int main(int count, char** words) {
  uint64_t rows = 0, seed = 1;
  if (count < 2 || count > 3 || !parse(words[1], rows) || (count == 3 && !parse(words[2], seed))) {
    std::fputs("usage: criteo_text ROWS [SEED] > FILE\n", stderr);
    return 2;
  }
  constexpr size_t kFlush = size_t{1} << 20;
  const ctr::RandomStream random{seed, 0, 0};
  std::string text;
  for (uint64_t row = 0; row < rows; ++row) {
    append_row(text, row, random);
    if (text.size() < kFlush && row + 1 < rows) continue;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
      std::perror("criteo_text: cannot write");
      return 74;
    }
    text.clear();
  }
  return std::fflush(stdout) == 0 ? 0 : 74;
}
