/* Every function of the library that is here, by the header in which it first appeared. With OLD_SDK defined the
 * later ones are left out of the library, as they are from that of 2020. */
#ifndef STANDIN_FUNCTIONS_H
#define STANDIN_FUNCTIONS_H

#define FUNCTIONS_OF_2020(F)                                                                                         \
    F(InitQHYCCDResource) F(ReleaseQHYCCDResource) F(GetQHYCCDSDKVersion) F(EnableQHYCCDMessage)                     \
    F(EnableQHYCCDLogFile) F(SetQHYCCDLogLevel) F(SetQHYCCDAutoDetectCamera) F(QHYCCDQuit)                           \
    F(ScanQHYCCD) F(GetQHYCCDId) F(GetQHYCCDModel) F(OpenQHYCCD) F(CloseQHYCCD)                                      \
    F(SetQHYCCDReadMode) F(SetQHYCCDStreamMode) F(InitQHYCCD) F(GetQHYCCDNumberOfReadModes)                          \
    F(GetQHYCCDReadModeName) F(GetQHYCCDReadModeResolution) F(GetQHYCCDReadMode) F(GetQHYCCDType)                    \
    F(GetQHYCCDChipInfo) F(GetQHYCCDEffectiveArea) F(GetQHYCCDOverScanArea) F(SetQHYCCDBinMode)                      \
    F(SetQHYCCDResolution) F(SetQHYCCDBitsMode) F(SetQHYCCDDebayerOnOff) F(GetQHYCCDMemLength)                       \
    F(IsQHYCCDControlAvailable) F(GetQHYCCDParam) F(SetQHYCCDParam) F(GetQHYCCDParamMinMaxStep)                      \
    F(ExpQHYCCDSingleFrame) F(GetQHYCCDSingleFrame) F(GetQHYCCDExposureRemaining) F(GetQHYCCDReadingProgress)        \
    F(CancelQHYCCDExposing) F(CancelQHYCCDExposingAndReadout)                                                        \
    F(BeginQHYCCDLive) F(StopQHYCCDLive) F(GetQHYCCDLiveFrame)                                                       \
    F(ControlQHYCCDTemp) F(GetQHYCCDCameraStatus) F(GetQHYCCDFWVersion) F(GetQHYCCDFPGAVersion)                      \
    F(SetQHYCCDGPSVCOXFreq) F(SetQHYCCDGPSLedCalMode) F(SetQHYCCDGPSMasterSlave) F(SetQHYCCDGPSPOSA)                 \
    F(SetQHYCCDGPSPOSB) F(EnableQHYCCDImageOSD)                                                                      \
    F(SetQHYCCDTrigerFunction)                                                                                       \
    F(IsQHYCCDCFWPlugged) F(SendOrder2QHYCCDCFW) F(GetQHYCCDCFWStatus)

#ifdef OLD_SDK
#define FUNCTIONS_SINCE_2021(F)
#else
#define FUNCTIONS_SINCE_2021(F)                                                                                      \
    F(SetQHYCCDSingleFrameTimeOut) F(GetQHYCCDPreciseExposureInfo) F(GetQHYCCDRollingShutterEndOffset)               \
    F(GetQHYCCDCurrentROI) F(SetQHYCCDEnableLiveModeAntiRBI)                                                         \
    F(EnableQHYCCDBurstMode) F(SetQHYCCDBurstModeStartEnd) F(SetQHYCCDBurstModePatchNumber)                          \
    F(EnableQHYCCDBurstCountFun) F(ResetQHYCCDFrameCounter) F(SetQHYCCDBurstIDLE) F(ReleaseQHYCCDBurstIDLE)          \
    F(GetQHYCCDHumidity) F(GetQHYCCDPressure) F(QHYCCDResetFlashULVOError)                                           \
    F(GetQHYCCDTrigerInterfaceNumber) F(GetQHYCCDTrigerInterfaceName) F(SetQHYCCDTrigerInterface)                    \
    F(GetQHYCCDTrigerModeNumber) F(GetQHYCCDTrigerModeName) F(SetQHYCCDTrigerMode) F(EnableQHYCCDTrigerOut)          \
    F(SendSoftTriger2QHYCCDCam)                                                                                      \
    F(GetQHYCCDLastError) F(GetCameraIsSuperSpeedFromID) F(GetQHYCCDReadModeNumberFromID)                            \
    F(GetQHYCCDReadModeNameFromID) F(ClearQHYCCDImageQueue) F(RereadQHYCCDBurstFrame) F(GetQHYCCDFPGATemp)           \
    F(QHYCCD_GainValueToDbGain) F(QHYCCD_DbGainToGainValue) F(GetQHYCCDControlName) F(GetQHYCCDSensorName)           \
    F(SetQHYCCDBufferNumber)
#endif

#define FUNCTIONS(F) FUNCTIONS_OF_2020(F) FUNCTIONS_SINCE_2021(F)

#define CALL_NAME(name) CALL_##name,
enum Call { FUNCTIONS(CALL_NAME) HOW_MANY_CALLS };
#undef CALL_NAME

#endif
