// .npy files: what comes back, and what is refused in which words.

#include "io/npy.h"

#include "tests/io/npy_bytes.h"
#include "tests/io/raw_files.h"

namespace ctr {
namespace {

class Npy : public RawFiles {
 protected:
  Tensor read(const std::string& bytes) const { return read_npy(write("a.npy", bytes)); }
  // Without the file's name.
  std::string refusal(const std::string& bytes) const {
    const std::string text = message([&] { read(bytes); });
    EXPECT_TRUE(text.starts_with("a.npy: ")) << text;
    return text.substr(std::min<size_t>(text.size(), 7));
  }
  static std::string dict(const std::string& type, const std::string& shape,
                          const std::string& order = "False") {
    return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n", type, order,
                       shape);
  }
};

TEST_F(Npy, NumbersComeBack) {
  const std::vector<float> f4{1, -2, 3.5f, 4, 5, 6};
  for (int version : {1, 2, 3}) {
    const Tensor x = read(npy_bytes(dict("<f4", "(2, 3)"), raw_bytes(f4), version));
    EXPECT_EQ(x.shape(), Shape({2, 3}));
    EXPECT_EQ(std::vector<float>(x.span<float>().begin(), x.span<float>().end()), f4);
  }
  const std::vector<double> f8{0.1, 0.2};
  const Tensor y = read(npy_bytes(dict("<f8", "(2,)"), raw_bytes(f8)));
  EXPECT_EQ(y.shape(), Shape({2}));
  EXPECT_EQ(y.data<double>()[1], 0.2);
  // Any order of the entries, other quotes, no comma at the end; no rows.
  const Tensor none = read(
      npy_bytes("{\"shape\": (0, 4),\n 'fortran_order':False, \"descr\": '<f4'}", std::string()));
  EXPECT_EQ(none.shape(), Shape({0, 4}));
}

TEST_F(Npy, RefusesWhatIsNoPlainArray) {
  const std::string four(16, '\0');
  EXPECT_EQ(refusal("PK\x03\x04 an archive of arrays"),
            "not a .npy file: it does not begin with \\x93NUMPY and a version");
  EXPECT_EQ(refusal(npy_bytes(dict("<f4", "(2, 2)"), four, 4)),
            ".npy version 4.0, this program reads 1.0, 2.0 and 3.0");
  EXPECT_EQ(refusal(npy_bytes(dict("|O", "(2, 2)"), four)),
            "holds pickled Python objects, which are never read; save numbers: numpy.save(file, "
            "array.astype('float32'))");
  EXPECT_EQ(
      refusal(npy_bytes("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}", four)),
      "the array holds records, expected '<f4' or '<f8'; save the columns as one array of "
      "numbers");
  EXPECT_EQ(refusal(npy_bytes(dict(">f4", "(2, 2)"), four)),
            "its numbers are '>f4', expected little-endian '<f4' or '<f8'; save "
            "array.astype('<f4')");
  EXPECT_EQ(refusal(npy_bytes(dict("<f4", "(2, 2)", "True"), four)),
            "the array is in Fortran order; save numpy.ascontiguousarray(array)");
  EXPECT_EQ(refusal(npy_bytes(dict("<f4", "()"), four)), "the array has 0 axes, expected 1 to 4");
  EXPECT_EQ(refusal(npy_bytes(dict("<f4", "(1, 1, 1, 1, 4)"), four)),
            "the array has 5 axes, expected 1 to 4");
}

TEST_F(Npy, RefusesBytesMissingOrLeftOver) {
  const std::string whole = npy_bytes(dict("<f4", "(2, 2)"), std::string(16, '\0'));
  EXPECT_EQ(read(whole).count(), 4);
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            "an array of size [2,2] takes 16 bytes, found 15; the file is cut short");
  EXPECT_EQ(refusal(whole + "x"),
            "an array of size [2,2] takes 16 bytes, found 17; the file is not one array alone");
  EXPECT_EQ(refusal(whole.substr(0, 30)),
            "its header should take 60 bytes, the file ends before; it is cut short");
  for (size_t size = 0; size < whole.size(); size += 9) refusal(whole.substr(0, size));
}

TEST_F(Npy, RefusesHeadersThatAreNone) {
  EXPECT_EQ(refusal(npy_bytes("{'descr': '<f4', 'shape': (1,)}", std::string(4, '\0'))),
            "not a usable .npy file: expected 'descr', 'fortran_order' and 'shape' at byte 31 of "
            "its header");
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4', 'descr': '<f4'}", "{'descr': '<f4', 'x': 1}",
        "{'descr': '<f4' 'shape': (1,)}", "{'descr: '<f4'}", "{'fortran_order': Maybe}",
        "{'shape': (1 2)}", "{'shape': (-1,)}", "{'shape': (9999999999999999999,)}"})
    EXPECT_NE(refusal(npy_bytes(header, "")).find("not a usable .npy file: expected "),
              std::string::npos)
        << header;
  EXPECT_EQ(refusal(npy_bytes(dict("<f8", "(1099511627776, 1099511627776)"), "")),
            "the array's size [1099511627776,1099511627776] is beyond 64 bits");
}

}  // namespace
}  // namespace ctr
