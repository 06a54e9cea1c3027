//! Models that are known without their make: `2015 Silverado 1500 LT` is a Chevrolet.
//!
//! Only names of one maker stand here. Those that are common words name it only beside other cars. What is deliberately not here: how
//! many words a model has (`heading`).

use super::makes::{initial, starts_with};

/// Models that are words of nothing else, by their make.
const OWN: [(&str, &str); 41] = [
    ("Acura", "integra,legend,mdx,rdx,rlx,rsx,tlx,tsx,ilx,nsx"),
    ("Audi", "q3,q4 e-tron,q5,q7,q8,a3,a4,a5,a6,a7,a8,e-tron,sq5,sq7,sq8,rs3,rs5,rs6,rs7"),
    (
        "BMW",
        "x1,x2,x3,x4,x5,x6,x7,128i,135i,228i,230i,318i,320i,323i,325i,325xi,328d,328i,328xi,330i,330xi,335i,\
         335xi,340i,428i,430i,435i,440i,525i,528i,528xi,530i,530xi,535i,535xi,540i,545i,550i,640i,650i,740i,\
         740li,745i,745li,750i,750li,1 series,2 series,3 series,4 series,5 series,6 series,7 series,8 series",
    ),
    ("Bentley", "bentayga,flying spur"),
    ("Buick", "enclave,lacrosse,lesabre,lucerne,rendezvous,verano,encore gx,cascada,terraza"),
    ("Cadillac", "escalade,deville,ats,cts,dts,srx,sts,xlr,xt4,xt5,xt6,xts,ct4,ct5,ct6,lyriq"),
    (
        "Chevrolet",
        "silverado,silverado 1500,silverado 2500,silverado 2500hd,silverado 3500,silverado 3500hd,tahoe,suburban,\
         camaro,corvette,malibu,impala,equinox,traverse,avalanche,trailblazer,cruze,cobalt,aveo,colorado,trax,\
         el camino,chevelle,monte carlo,lumina,s-10",
    ),
    ("Chrysler", "pacifica,sebring,town & country,town and country,pt cruiser,lebaron"),
    ("Dodge", "durango,grand caravan,avenger,dakota,stratus"),
    ("FIAT", "500x,500l,500e"),
    (
        "Ford",
        "f-150,f150,f 150,f-250,f250,f-350,f350,f-450,f450,f-550,f550,super duty,mustang,taurus,crown victoria,\
         ecosport,thunderbird,e-150,e-250,e-350,e-450,bronco,transit connect,freestar,windstar,econoline",
    ),
    ("GMC", "sierra,sierra 1500,sierra 2500hd,sierra 3500hd,yukon,yukon xl,acadia,envoy,savana"),
    ("Genesis", "g70,g80,g90,gv60,gv70,gv80"),
    ("Honda", "civic,accord,cr-v,crv,hr-v,odyssey,ridgeline,cr-z,s2000,del sol"),
    ("Hyundai", "elantra,sonata,tucson,santa fe,palisade,veloster,ioniq,azera,tiburon"),
    (
        "INFINITI",
        "q40,q50,q60,q70,qx4,qx30,qx50,qx55,qx56,qx60,qx70,qx80,g25,g35,g37,i30,i35,m45,m56,ex35,ex37,fx35,fx37,\
         fx45,fx50,jx35",
    ),
    ("Jaguar", "x-type,s-type,f-type,e-type,f-pace,e-pace,i-pace"),
    ("Jeep", "wrangler,grand cherokee,cherokee,wagoneer,grand wagoneer"),
    ("Kia", "sorento,sportage,telluride,optima,sedona,cadenza,stinger,k5,amanti,ev6,ev9"),
    ("Land Rover", "lr2,lr3,lr4,evoque"),
    (
        "Lexus",
        "rx300,rx 300,rx330,rx 330,rx350,rx 350,rx400h,rx 400h,rx450h,rx 450h,es300,es 300,es300h,es 300h,es330,\
         es 330,es350,es 350,gs300,gs 300,gs350,gs 350,gx460,gx 460,gx470,gx 470,gx550,gx 550,is200t,is 200t,\
         is250,is 250,is300,is 300,is350,is 350,ls400,ls 400,ls430,ls 430,ls460,ls 460,lx470,lx 470,lx570,lx 570,\
         nx200t,nx 200t,nx300,nx 300,nx350,nx 350,rc350,rc 350,ct200h,ct 200h,ux250h,ux 250h,hs250h,hs 250h,\
         sc430,sc 430",
    ),
    ("Lincoln", "navigator,mkz,mkx,mkc,mks,mkt,nautilus,corsair,town car"),
    ("Maserati", "ghibli,quattroporte,granturismo,levante,grecale"),
    ("Mazda", "cx-3,cx-30,cx-5,cx-7,cx-9,cx-50,cx-70,cx-90,mazda2,mazda3,mazda5,mazda6,miata,mx-5,rx-7,rx-8,rx8"),
    (
        "Mercedes-Benz",
        "c-class,c class,e-class,e class,s-class,s class,cl-class,cla-class,clk-class,cls-class,g-class,gl-class,\
         gla-class,glb-class,glc-class,gle-class,glk-class,gls-class,m-class,r-class,sl-class,slk-class,c230,\
         c250,c300,c350,e320,e400,s430,s500,s550,cla250,cla 250,gla250,gla 250,glc300,glc 300,gle350,gle 350,\
         glk350,glk 350,gl450,gl 450,gl550,gl 550,ml320,ml 320,ml350,ml 350,sl500,sl550,slk350,clk350,cls550",
    ),
    ("Mercury", "grand marquis"),
    ("Mitsubishi", "outlander,lancer,eclipse cross,montero,3000gt"),
    (
        "Nissan",
        "altima,maxima,sentra,versa,murano,pathfinder,xterra,titan,frontier,armada,370z,350z,300zx,240sx,nv200,\
         nv1500,nv2500,nv3500,ariya,gt-r",
    ),
    ("Oldsmobile", "alero,bravada,cutlass"),
    ("Pontiac", "firebird,grand am,grand prix,bonneville,solstice,sunfire,aztek,fiero,trans am"),
    ("Porsche", "cayenne,macan,panamera,boxster,taycan"),
    ("Ram", "promaster"),
    ("Scion", "xa,xb,tc,xd,fr-s"),
    ("Saturn", "vue"),
    ("Subaru", "outback,forester,impreza,crosstrek,wrx,brz,tribeca,solterra"),
    ("Suzuki", "grand vitara,kizashi,sx4,xl7,xl-7,forenza,aerio"),
    ("Tesla", "model 3,model s,model x,model y,cybertruck"),
    (
        "Toyota",
        "camry,corolla,tacoma,tundra,rav4,highlander,4runner,sienna,prius,avalon,venza,yaris,sequoia,\
         land cruiser,c-hr,fj cruiser,supra,celica,grand highlander,gr86,gr corolla,bz4x,mr2,tercel,previa,\
         rav4 prime",
    ),
    ("Volkswagen", "jetta,passat,tiguan,touareg,routan,id.4,new beetle"),
    ("Volvo", "xc40,xc60,xc70,xc90,c30,c70,s40,s60,s70,s80,s90,v50,v60,v70,v90"),
    ("smart", "fortwo"),
];

/// Models that are words of other things as well: `2015 Edge` is a Ford only where other cars stand beside it.
const COMMON: [(&str, &str); 37] = [
    ("Acura", "rl,tl,zdx"),
    ("Alfa Romeo", "giulia,stelvio,tonale"),
    ("Audi", "allroad,s3,s4,s5,s6,s7,s8,tt"),
    ("BMW", "i3,i8,m3,m4,m5,m6,m8,z3,z4"),
    ("Buick", "encore,envision,regal,century,park avenue,envista,rainier"),
    ("Cadillac", "seville"),
    (
        "Chevrolet",
        "astro,blazer,bolt,bolt ev,bolt euv,caprice,captiva,express,hhr,s10,sonic,spark,uplander,volt,cavalier",
    ),
    ("Chrysler", "200,300,300c,aspen,concorde,crossfire"),
    ("Dodge", "caliber,challenger,charger,dart,hornet,journey,magnum,neon,nitro,viper"),
    ("FIAT", "500,500 abarth,124 spider"),
    (
        "Ford",
        "bronco sport,c-max,contour,edge,escape,escort,expedition,explorer,fiesta,five hundred,flex,focus,\
         freestyle,fusion,maverick,ranger,transit",
    ),
    ("GMC", "canyon,jimmy,terrain"),
    ("Honda", "clarity,crosstour,element,fit,insight,passport,pilot,prelude,prologue"),
    ("Hummer", "h2,h3"),
    ("Hyundai", "accent,entourage,equus,genesis,kona,santa cruz,venue,veracruz"),
    ("Isuzu", "ascender,rodeo,trooper"),
    ("Jaguar", "xe,xf,xj,xj8,xjl,xk,xk8,xkr"),
    ("Jeep", "commander,compass,gladiator,liberty,patriot,renegade"),
    ("Kia", "borrego,carnival,forte,niro,rio,rondo,seltos,soul,spectra"),
    ("Land Rover", "discovery sport"),
    ("Lincoln", "aviator"),
    ("MINI", "clubman,cooper,countryman"),
    ("Mazda", "protege,tribute"),
    ("Mercedes-Benz", "metris"),
    ("Mercury", "mariner,milan,montego,mountaineer,sable,villager"),
    ("Mitsubishi", "diamante,eclipse,endeavor,galant,mirage"),
    ("Nissan", "cube,juke,kicks,leaf,note,quest,rogue,rogue sport"),
    ("Oldsmobile", "intrigue,silhouette"),
    ("Plymouth", "breeze"),
    ("Pontiac", "g5,g6,g8,gto,torrent,vibe"),
    ("Porsche", "718,911,cayman"),
    ("Saturn", "aura,ion,relay,sky"),
    ("Scion", "iq"),
    ("Subaru", "ascent,baja,legacy,xv crosstrek"),
    ("Suzuki", "equator,reno,vitara"),
    ("Toyota", "crown,echo,matrix,mirai,solara,camry solara"),
    ("Volkswagen", "arteon,atlas,atlas cross sport,beetle,cc,eos,golf,golf gti,golf r,gti,rabbit,taos"),
];

/// The make of the model that words begin with.
pub(super) fn make_of(words: &[&str]) -> Option<&'static str> {
    make_in(&OWN, words)
}

/// The same where other cars stand beside it.
pub(super) fn make_among_cars(words: &[&str]) -> Option<&'static str> {
    make_of(words).or_else(|| make_in(&COMMON, words))
}

fn make_in(known: &[(&'static str, &str)], words: &[&str]) -> Option<&'static str> {
    let initial = initial(words)?;
    let names = |models: &str| {
        let mut alike = models.split(',').filter(|model| model.as_bytes().first() == Some(&initial));
        alike.any(|model| starts_with(words, model))
    };
    known.iter().find(|(_, models)| names(models)).map(|(make, _)| *make)
}
