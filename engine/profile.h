#pragma once
// Where the time of a step goes. Nothing is measured unless a Profile is in scope on the thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

// One matrix product: `batch` products of [rows, inner] by [inner, cols], or one that is repeated
// on other numbers in the same place.
struct Product {
  int64_t rows = 0, cols = 0, inner = 0, batch = 1;
  bool transpose_a = false, transpose_b = false;
  int64_t repeats = 1;

  double flop() const {
    return 2.0 * static_cast<double>(rows) * static_cast<double>(cols) *
           static_cast<double>(inner) * static_cast<double>(batch * repeats);
  }
};

// Time is booked by laps: what passed since the last lap belongs to the name given now. Operators
// end a lap where they record, the tape after each backward closure.
class Profile {
 public:
  struct Entry {
    std::string name;
    int64_t calls = 0;
    double seconds = 0;
    double flop = 0;             // of its matrix products
    double product_seconds = 0;  // within `seconds`
    double bytes = 0;            // that it reads and writes: tensors, and rows of tables
  };

  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  static Profile* current();  // of this thread; null when nothing is measured

  // Begins a lap without booking what passed.
  void restart();
  void lap(std::string_view name, int64_t bytes);
  void product(const Product& product, double seconds);
  // Of the present lap, beside what lap() tells: rows looked up in tables.
  void read(int64_t bytes) { bytes_ += static_cast<double>(bytes); }
  // Weights that a net made for rows of the batch.
  void generated(int64_t bytes) { generated_ += bytes; }

  // In the order of their first lap.
  const std::vector<Entry>& entries() const { return entries_; }
  // All products since the start, in order.
  const std::vector<Product>& products() const { return products_; }
  // Of these: floating-point operations, a multiply-add counted as two.
  double flop() const;
  int64_t generated_bytes() const { return generated_; }

 private:
  Profile* previous_;
  double begin_ = 0;
  double flop_ = 0, product_seconds_ = 0, bytes_ = 0;  // of the present lap
  int64_t generated_ = 0;
  std::vector<Entry> entries_;
  std::vector<Product> products_;
};

// Books a lap when something measures.
inline void profile_lap(std::string_view name, int64_t bytes) {
  if (Profile* profile = Profile::current()) profile->lap(name, bytes);
}

inline void profile_read(int64_t bytes) {
  if (Profile* profile = Profile::current()) profile->read(bytes);
}

inline void profile_generated(int64_t bytes) {
  if (Profile* profile = Profile::current()) profile->generated(bytes);
}

// Seconds of a clock that only rises.
double seconds_now();

// Tells the profile, if there is one, of a product and its time. Within another one it tells
// nothing: an operator that cuts its product itself measures the whole.
class MeasuredProduct {
 public:
  explicit MeasuredProduct(const Product& product);
  ~MeasuredProduct();
  MeasuredProduct(const MeasuredProduct&) = delete;
  MeasuredProduct& operator=(const MeasuredProduct&) = delete;

 private:
  Product product_;
  double begin_ = 0;
  bool outer_;
};

}  // namespace ctr
