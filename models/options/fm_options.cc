#include "models/options/fm_options.h"

namespace ctr {

void FmOptions::add_to(OptionList& list) {
  list.add({"linear_bias", &linear_bias, "FM, DeepFM, FFM, FmFM: the linear term has a bias w0"});
}

}  // namespace ctr
