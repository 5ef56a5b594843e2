import { z } from "zod";
import { listOf, ORIGIN } from "../kit/setting-forms.ts";

/** The settings of the explorer, as `config.ts` reads them and `.env.example` lists them. */
export const EXPLORER_SETTINGS = {
  TRIPGRID_MAP_STYLE: z
    .string()
    .regex(
      /^(https?:\/\/[^\s/"'<>;,]+)?\/[^\s"'<>;,]*$/,
      "expected https://HOST/PATH or /PATH, of a style or a .pmtiles file",
    )
    .optional(),
  TRIPGRID_MAP_ORIGINS: listOf(ORIGIN, "expected origins such as https://tiles.example").optional(),
} as const;

/** The settings of the explorer as members of `Config`. */
export interface MapConfig {
  /** A MapLibre style or a PMTiles archive, under the map. Undefined: the basemap that the page brings. */
  mapStyle: string | undefined;
  /** Where that style gets its tiles, letters and signs from, besides its own origin. */
  mapOrigins: string[] | undefined;
}

type Given = z.infer<z.ZodObject<typeof EXPLORER_SETTINGS>>;

export const mapConfig = (s: Given): MapConfig => ({
  mapStyle: s.TRIPGRID_MAP_STYLE,
  mapOrigins: s.TRIPGRID_MAP_ORIGINS,
});
